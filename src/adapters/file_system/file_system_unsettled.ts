import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { Mutex } from "../../async/mutex.ts";
import type { UnsettledNotes, UnsettledPlace } from "../../ports/notes/unsettled_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError, isAbsence } from "./calls/file_errors.ts";
import { decodeIdentity, isProcessAlive, ownIdentity } from "./journal/process_identity.ts";
import { newWriterName } from "./calls/stored_name.ts";
import { syncFolder } from "./calls/sync_folder.ts";

/** A process that cannot be looked up has ended if it noted nothing for this long. */
const DEAD_AFTER_MS = 3_600_000;
/** A file with more lines than this is written anew, with what still counts. */
const LINES_MAX = 10_000;
/** The rest of a longer file is not read: chatloom writes none. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;
const FILE = /^[a-z0-9]{12}\.txt$/;

/**
 * Notes about the archive in `root`, in its state folder: one text file a process. Its first line says
 * which process, then come lines `+CHANNEL HOUR` and `-CHANNEL HOUR`, of which the last one counts.
 * A torn last line means nothing: what it would have announced was not stored.
 */
export function fileSystemUnsettled(root: string): UnsettledNotes {
  return new UnsettledFiles(join(resolve(root), STATE_FOLDER, "unsettled"));
}

class UnsettledFiles implements UnsettledNotes {
  readonly #folder: string;
  readonly #noted = new Map<string, UnsettledPlace>();
  #name = `${newWriterName()}.txt`;
  #lines = 0;
  readonly #mutex = new Mutex();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async add(place: UnsettledPlace): Promise<void> {
    await this.#inTurn(async () => {
      this.#noted.set(formatPlace(place), place);
      await this.#append(`+${formatPlace(place)}\n`, { isSafe: true });
    });
  }

  async remove(place: UnsettledPlace): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#noted.delete(formatPlace(place))) return;
      if (this.#noted.size > 0) {
        return await this.#append(`-${formatPlace(place)}\n`, { isSafe: false });
      }
      await rm(join(this.#folder, this.#name), { force: true });
      this.#lines = 0;
    });
  }

  async takeOver(): Promise<readonly UnsettledPlace[]> {
    const places = new Map<string, UnsettledPlace>();
    await this.#inTurn(async () => {
      for (const name of await this.#leftFiles()) {
        const path = join(this.#folder, name);
        const found = readPlaces((await readFile(path, "utf8")).slice(0, FILE_MAX_BYTES));
        for (const place of found) {
          places.set(formatPlace(place), place);
          this.#noted.set(formatPlace(place), place);
        }
        if (found.length > 0) await this.#rewrite();
        await rm(path, { force: true });
      }
    });
    return [...places.values()];
  }

  /** The files of processes that have ended. */
  async #leftFiles(): Promise<string[]> {
    const left: string[] = [];
    for (const name of await readdir(this.#folder).catch(noneIfAbsent)) {
      if (name === this.#name || !FILE.test(name)) continue;
      const path = join(this.#folder, name);
      try {
        const { size, mtimeMs } = await stat(path);
        if (size > FILE_MAX_BYTES) continue;
        const text = await readFile(path, "utf8");
        const identity = decodeIdentity(text.slice(0, text.indexOf("\n") + 1));
        const isAlive = identity && await isProcessAlive(identity);
        if (!(isAlive ?? Date.now() - mtimeMs < DEAD_AFTER_MS)) left.push(name);
      } catch (error) {
        if (!isAbsence(error)) throw error; // Another process has taken it over.
      }
    }
    return left;
  }

  async #append(line: string, { isSafe }: { readonly isSafe: boolean }): Promise<void> {
    // Another process may have taken the file for that of a dead one and removed it.
    const path = join(this.#folder, this.#name);
    const size = await stat(path).then(({ size }) => size, () => 0);
    if (size === 0 || this.#lines >= LINES_MAX) return await this.#rewrite();
    const file = await open(path, "a");
    try {
      await file.writeFile(line);
      if (isSafe) await file.sync();
    } finally {
      await file.close();
    }
    this.#lines++;
  }

  /** Writes a new file, and only then removes the old one. */
  async #rewrite(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const [old, name] = [this.#name, `${newWriterName()}.txt`];
    const lines = [...this.#noted.keys()].map((place) => `+${place}\n`);
    const file = await open(join(this.#folder, name), "wx");
    try {
      await file.writeFile(`${JSON.stringify(await ownIdentity())}\n${lines.join("")}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(this.#folder);
    this.#name = name;
    this.#lines = lines.length;
    await rm(join(this.#folder, old), { force: true });
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    try {
      await this.#mutex.run(work);
    } catch (cause) {
      throw fileError(`keep notes in "${this.#folder}"`, { cause, otherwise: "STORE_IO" });
    }
  }
}

function formatPlace({ channel, hour }: UnsettledPlace): string {
  return `${channel} ${hour}`;
}

function readPlaces(text: string): UnsettledPlace[] {
  const lines = text.split("\n").slice(1, -1);
  const noted = new Map<string, UnsettledPlace>();
  for (const line of lines) {
    const [sign, rest] = [line.charAt(0), line.slice(1)];
    const [channel = "", hour = ""] = rest.split(" ");
    if (!isChannelName(channel) || (hour !== "" && parseHour(hour) === undefined)) continue;
    if (sign === "+") noted.set(rest, { channel, hour });
    else noted.delete(rest);
  }
  return [...noted.values()];
}

function noneIfAbsent(error: unknown): string[] {
  if (isAbsence(error)) return [];
  throw error;
}
