import { join, resolve } from "node:path";
import type { ChatloomError } from "../../core/errors/errors.ts";
import { isNodeName } from "../../core/archive/node_name.ts";
import type { DeadRun, JournalRun, JournalStore } from "../../ports/journal_store.ts";
import { entriesOf, STATE_FOLDER } from "./store/archive_walk.ts";
import { FileDeadRun, REMOVED_PREFIX, removeFolder } from "./journal/dead_run.ts";
import { DurableFiles } from "./calls/durable_files.ts";
import { type FileCalls, NODE_FILE_CALLS } from "./calls/file_calls.ts";
import { errnoOf, fileError, isAbsence } from "./calls/file_errors.ts";
import { isRunName, JOURNAL_FOLDER, newRunName, OWNER_FILE } from "./journal/journal_names.ts";
import { encodeOwner, isRunDead, type OwnerRecord, readOwner } from "./journal/journal_owner.ts";
import { JournalReserve, type ReserveChange } from "./journal/journal_reserve.ts";
import { FileJournalRun } from "./journal/journal_run.ts";
import { OPEN_RUNS } from "./journal/open_runs.ts";
import { ownIdentity } from "./journal/process_identity.ts";

/** How a journal behaves. Only tests change the defaults. */
export interface FileSystemJournalOptions {
  /** How often a run shows that it lives, in ms. @default 10 s */
  readonly heartbeatMs?: number;
  /** A run whose process cannot be looked up is dead after this long without a sign. @default 2 min */
  readonly deadAfterMs?: number;
  /**
   * How large the reserve of a run is that it gives up on a full disk, in bytes; 0 for none.
   * @default 64 MiB
   */
  readonly reserveBytes?: number;
  /** Called when a run gave up some of its reserve, and when it is whole again. */
  readonly onReserve?: (change: ReserveChange) => void;
  /** The calls to the file system, for tests. */
  readonly calls?: FileCalls;
}

const HEARTBEAT_MS = 10_000;
const DEAD_AFTER_MS = 120_000;
// A folder on its way in or out is touched for moments: this old, its maker has crashed.
const SWEEP_AFTER_MS = 3_600_000;
const NEW_PREFIX = ".new-";
const NAMES_TRIED_MAX = 16;

/**
 * The journals of the archive in the folder `root`: run by run a folder in `.chatloom/journal/`,
 * in it the segments as `000001.log` and the owner's file. Quarantined bytes go to
 * `.chatloom/aside/`.
 *
 * The owner's file names host, boot, pid and start time of the process. A process of the same boot
 * and PID namespace looks the owner up; for all others the run is dead once it has
 * shown no sign of life for two minutes. So what a container leaves behind is found two minutes
 * after it died: ask for {@link JournalStore.deadRuns} now and then, not only on start.
 */
export function fileSystemJournal(
  root: string,
  options: FileSystemJournalOptions = {},
): JournalStore {
  return new FileSystemJournals(resolve(root), options);
}

export type { ReserveChange } from "./journal/journal_reserve.ts";

class FileSystemJournals implements JournalStore {
  readonly #folder: string;
  readonly #asideFolder: string;
  readonly #calls: FileCalls;
  readonly #files: DurableFiles;
  readonly #heartbeatMs: number;
  readonly #deadAfterMs: number;
  readonly #reserve: Pick<FileSystemJournalOptions, "reserveBytes" | "onReserve">;

  constructor(
    root: string,
    {
      calls = NODE_FILE_CALLS,
      heartbeatMs = HEARTBEAT_MS,
      deadAfterMs = DEAD_AFTER_MS,
      ...reserve
    }: FileSystemJournalOptions,
  ) {
    this.#reserve = reserve;
    this.#folder = join(root, ...JOURNAL_FOLDER);
    this.#asideFolder = join(root, STATE_FOLDER, "aside");
    this.#calls = calls;
    this.#files = new DurableFiles(calls, root);
    this.#heartbeatMs = heartbeatMs;
    this.#deadAfterMs = deadAfterMs;
  }

  async openRun(node: string): Promise<JournalRun> {
    if (!isNodeName(node)) {
      throw new RangeError(`Cannot open a journal: no node is named "${node}"`);
    }
    let name: string | undefined;
    try {
      name = await this.#claimName(node);
      await this.#files.sync(this.#folder);
      return this.#begin(name);
    } catch (cause) {
      if (name !== undefined) {
        OPEN_RUNS.delete(name);
        await removeFolder(this.#calls, join(this.#folder, name)).catch(() => {}); // The first failure is thrown.
      }
      throw this.#error("open a journal", cause);
    }
  }

  async *deadRuns(): AsyncIterable<DeadRun> {
    const nowMs = once(() => this.#files.nowMs(this.#folder));
    try {
      for (const { name, record } of await this.#runs()) {
        const folder = join(this.#folder, name);
        const deadAfterMs = this.#deadAfterMs;
        if (OPEN_RUNS.has(name)) continue;
        const isDead = await isRunDead(this.#calls, folder, { record, deadAfterMs, nowMs });
        if (!isDead) continue;
        yield new FileDeadRun(name, {
          calls: this.#calls,
          files: this.#files,
          folder,
          asideFolder: this.#asideFolder,
          isStillDead: async () =>
            await isRunDead(this.#calls, folder, {
              record,
              deadAfterMs,
              nowMs: () => this.#files.nowMs(this.#folder),
            }),
        });
      }
    } catch (cause) {
      throw this.#error("look for dead journals", cause);
    }
  }

  #begin(name: string): JournalRun {
    const folder = join(this.#folder, name);
    const { reserveBytes: sizeBytes, onReserve: onChange } = this.#reserve;
    const reserve = sizeBytes === 0
      ? undefined
      : new JournalReserve({ calls: this.#calls, folder, sizeBytes, onChange });
    return new FileJournalRun(name, {
      calls: this.#calls,
      folder,
      reserve,
      heartbeatMs: this.#heartbeatMs,
      onClose: () => OPEN_RUNS.delete(name),
    });
  }

  // Makes the folder of a new run with the owner's file in it, both at once or neither.
  async #claimName(node: string): Promise<string> {
    const owner = encodeOwner({ ...(await ownIdentity()), startedMs: Date.now() });
    for (let tries = 1;; tries++) {
      const name = newRunName(node);
      const scratch = join(this.#folder, NEW_PREFIX + name);
      try {
        await this.#files.ensureFolder(this.#folder);
        await this.#calls.makeFolder(scratch);
        await this.#files.write(scratch, { name: OWNER_FILE, bytes: owner });
        OPEN_RUNS.add(name);
        await this.#calls.rename(scratch, join(this.#folder, name));
        return name;
      } catch (error) {
        OPEN_RUNS.delete(name);
        await removeFolder(this.#calls, scratch).catch(() => {}); // The first failure is thrown.
        // Another process has the name, or has removed the folder: tried again.
        const isWorthIt = isAbsence(error) || ["EEXIST", "ENOTEMPTY"].includes(errnoOf(error));
        if (!isWorthIt || tries === NAMES_TRIED_MAX) throw error;
        this.#files.forgetFolders();
      }
    }
  }

  // All runs, alive or dead, oldest first.
  async #runs(): Promise<{ readonly name: string; readonly record: OwnerRecord }[]> {
    const runs: { name: string; record: OwnerRecord; startedMs: number }[] = [];
    for (const { name, kind } of await entriesOf(this.#calls, this.#folder)) {
      if (kind !== "folder") continue;
      const folder = join(this.#folder, name);
      if (!isRunName(name)) {
        await this.#sweep(name, folder);
        continue;
      }
      try {
        const record = await readOwner(this.#calls, folder);
        const startedMs = record.owner?.startedMs ?? (await this.#calls.stat(folder)).modifiedMs;
        runs.push({ name, record, startedMs });
      } catch (error) {
        if (!isAbsence(error)) throw error; // Removed since it was listed.
      }
    }
    return runs.sort((a, b) => a.startedMs - b.startedMs || (a.name < b.name ? -1 : 1));
  }

  async #sweep(name: string, folder: string): Promise<void> {
    if (!name.startsWith(NEW_PREFIX) && !name.startsWith(REMOVED_PREFIX)) return;
    try {
      const { modifiedMs } = await this.#calls.stat(folder);
      if (Date.now() - modifiedMs > SWEEP_AFTER_MS) await removeFolder(this.#calls, folder);
    } catch {
      // Gone already, or tried again next time: nothing in it counts.
    }
  }

  #error(attempt: string, cause: unknown): ChatloomError {
    return fileError(`${attempt} in "${this.#folder}"`, { cause, otherwise: "JOURNAL_IO" });
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= work();
}
