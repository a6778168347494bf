import { type FSWatcher, linkSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import {
  isRunName,
  segmentNumber,
} from "../../../src/adapters/file_system/journal/journal_names.ts";
import type { DeadRun, JournalStore } from "../../../src/ports/journal_store.ts";

const STORED = "= ";

/**
 * Keeps every segment that recorders ever wrote, though they delete what is stored: by a second name of each file.
 * Then the local path can be taken once more with the same lines.
 */
export class KeptJournals {
  readonly #folder: string;
  readonly #watchers = new Map<string, FSWatcher>();

  /** Keeps them in `folder`, which must be on the same file system. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps the journals in `journals`, from now on. */
  follow(journals: string): void {
    mkdirSync(journals, { recursive: true });
    this.#watch(journals, () => {
      for (const run of readdirSync(journals).filter(isRunName)) {
        mkdirSync(join(this.#folder, run), { recursive: true });
        this.#watch(join(journals, run), () => this.#keep(join(journals, run), run));
      }
    });
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** All runs, each as if nothing of it had been stored. */
  get store(): JournalStore {
    const folder = this.#folder;
    return {
      openRun: () => Promise.reject(new Error("no run is written here")),
      async *deadRuns() {
        for (const name of readdirSync(folder).sort()) yield runIn(folder, name);
        await Promise.resolve();
      },
    };
  }

  #watch(folder: string, look: () => void): void {
    if (this.#watchers.has(folder)) return;
    const watcher = watch(folder, () => attempt(look));
    watcher.on("error", () => watcher.close()); // The folder is gone: its segments are kept.
    this.#watchers.set(folder, watcher);
    attempt(look);
  }

  #keep(folder: string, run: string): void {
    for (const name of readdirSync(folder)) {
      if (segmentNumber(name) === undefined) continue;
      attempt(() => linkSync(join(folder, name), join(this.#folder, run, name)));
    }
  }
}

function runIn(folder: string, name: string): DeadRun {
  const path = join(folder, name);
  return {
    name,
    async *segments() {
      const numbers = readdirSync(path).map((file) => [segmentNumber(file)!, file] as const);
      yield* numbers.sort(([a], [b]) => a - b).map(([number]) => number);
      await Promise.resolve();
    },
    async *read(number) {
      const file = readdirSync(path).find((each) => segmentNumber(each) === number)!;
      const lines = readFileSync(join(path, file), "utf8").split("\n");
      // Nothing counts as stored.
      const kept = lines.filter((line) => !line.startsWith(STORED));
      yield new TextEncoder().encode(kept.join("\n"));
      await Promise.resolve();
    },
    setAside: (bytes) =>
      Promise.reject(new Error(`no entry of ${name}: ${new TextDecoder().decode(bytes)}`)),
    remove: () => Promise.resolve(),
  };
}

/** A file or folder may come and go while it is looked at, and be kept already. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "EEXIST", "ENOTDIR"].includes(code)) throw error;
  }
}
