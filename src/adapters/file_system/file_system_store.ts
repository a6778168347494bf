import { join, resolve } from "node:path";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { type UnreadableEntry, UnreadableEntryError } from "../../core/errors/errors.ts";
import { firstFolderOf } from "../../core/archive/first_layout.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";
import {
  entriesOf,
  type Entry,
  fileFolders,
  filesAmong,
  folderNames,
  isRealFolder,
  straysUnder,
} from "./store/archive_walk.ts";
import { BatchFiles, FILE_MAX_BYTES, placeOf } from "./store/batch_files.ts";
import { DurableFiles } from "./calls/durable_files.ts";
import { type FileCalls, NODE_FILE_CALLS } from "./calls/file_calls.ts";
import { entryError, EntryFault, fileError } from "./calls/file_errors.ts";
import { firstFilesIn, type FirstFilesMover } from "./store/first_files.ts";
import { scratchWriter } from "./calls/stored_name.ts";
import { Semaphore } from "../../async/semaphore.ts";

export { FILE_MAX_BYTES };

// A process may have 256 files open on macOS, 1,024 on most Linux; sockets need some too.
const OPEN_MAX = 32;
const HOUR_MS = 3_600_000;

/** How a {@link FileSystemStore} behaves. */
export interface FileSystemStoreOptions {
  /** Unfinished files of crashed writers are removed when they are this old, in ms. @default 1 h */
  readonly sweepAfterMs?: number;
  /**
   * What stands for the colon in new names: `_` on Windows, else `:`, until the file system refuses
   * it. Both are read.
   */
  readonly colon?: ":" | "_";
  /**
   * Whether redactions and coverage that a listing meets where the first version of chatloom put them are
   * moved to where they belong. Where they are not, they are read there.
   *
   * @default false
   */
  readonly movesFirstLayout?: boolean;
  /**
   * The calls to the file system: `BLOCKING_READ_CALLS` for commands with nothing else to do, others for
   * tests.
   *
   * @default NODE_FILE_CALLS
   */
  readonly calls?: FileCalls;
}

/** An archive in a folder of this machine. */
export interface FileSystemStore extends BatchStore {
  /**
   * Makes the archive's folder if it is not there, and writes and removes a file in it.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`: nothing can be put there now.
   */
  checkWritable(options?: AbortOptions): Promise<void>;
}

/**
 * The archive in the folder `root`, which need not be there yet.
 *
 * A file is written under a scratch name in its own folder, flushed, renamed, and its folder is
 * flushed. Scratch files of crashed writers are removed when a listing comes by and they are old
 * enough. Symbolic links below the root, and whatever else is no plain file, are never followed,
 * read, replaced or removed: under the name of a file of the archive they are entries that cannot be
 * read, else strays. That a folder is no link is found out once and remembered
 * as long as writing into it works. Signals are checked between calls to the file system.
 */
export function fileSystemStore(
  root: string,
  options: FileSystemStoreOptions = {},
): FileSystemStore {
  return new FileSystemArchive(resolve(root), options);
}

class FileSystemArchive implements FileSystemStore {
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #durable: DurableFiles;
  readonly #files: BatchFiles;
  readonly #turns = new Semaphore(OPEN_MAX);
  readonly #mover: FirstFilesMover | undefined;
  readonly #sweepAfterMs: number;

  constructor(
    root: string,
    {
      calls = NODE_FILE_CALLS,
      colon,
      movesFirstLayout = false,
      sweepAfterMs = HOUR_MS,
    }: FileSystemStoreOptions,
  ) {
    this.#root = root;
    this.#calls = calls;
    this.#durable = new DurableFiles(calls, root);
    const files = new BatchFiles(root, { calls, files: this.#durable, colon });
    this.#files = files;
    this.#mover = !movesFirstLayout ? undefined : {
      move: (key) => this.#turns.run(() => files.move(placeOf(key))),
      sweep: (path, entries) => this.#sweep(path, entries),
    };
    this.#sweepAfterMs = sweepAfterMs;
  }

  async *list(prefix: string, { signal }: AbortOptions = {}): AsyncIterable<ArchiveKey> {
    signal?.throwIfAborted();
    const unreadable = new Map<string, UnreadableEntry>();
    try {
      const folders = fileFolders(this.#calls, {
        root: this.#root,
        prefix,
        onError: (folder, cause) => void unreadable.set(folder, this.#verdictOn(folder, cause)),
      });
      for await (const folder of folders) {
        signal?.throwIfAborted();
        for (const key of await this.#keysIn(folder, unreadable)) {
          signal?.throwIfAborted();
          if (key.startsWith(prefix)) yield key;
        }
      }
    } catch (cause) {
      throw this.#translate(`list "${prefix}"`, cause, signal);
    }
    const [first, ...rest] = unreadable.values();
    if (first !== undefined) throw new UnreadableEntryError("STORE_IO", [first, ...rest]);
  }

  async *folders(folder: string, { signal }: AbortOptions = {}): AsyncIterable<string> {
    signal?.throwIfAborted();
    const attempt = `list the folders in "${folder}"`;
    try {
      const parts = folder === "" ? [] : folder.split("/");
      const names = await folderNames(this.#calls, { root: this.#root, folder: parts });
      for (const name of names.sort()) {
        signal?.throwIfAborted();
        yield name;
      }
    } catch (cause) {
      throw folder === ""
        ? this.#translate(attempt, cause, signal)
        : this.#translateEntry(folder, { attempt, cause, signal });
    }
  }

  async get(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    const place = placeOf(key);
    const attempt = `read "${key}"`;
    return await this.#turns.run(async () => {
      try {
        return await this.#files.read(place);
      } catch (cause) {
        throw this.#translateEntry(key, { attempt, cause, signal });
      }
    }, signal);
  }

  async put(key: ArchiveKey, bytes: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    const place = placeOf(key);
    if (bytes.length > FILE_MAX_BYTES) {
      throw new RangeError(`Cannot store "${key}": ${bytes.length} bytes are too many for a file`);
    }
    const attempt = `store "${key}"`;
    await this.#doing(attempt, signal, async () => {
      try {
        await this.#files.write(place, bytes, { signal });
      } catch (cause) {
        if (!(cause instanceof EntryFault)) throw cause;
        throw this.#translateEntry(key, { attempt, cause, signal });
      }
    });
  }

  async delete(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<void> {
    const place = placeOf(key);
    const attempt = `delete "${key}"`;
    await this.#doing(attempt, signal, async () => {
      try {
        await this.#files.remove(place);
      } catch (cause) {
        throw this.#translateEntry(key, { attempt, cause, signal });
      }
    });
  }

  async *strays(prefix: string, { signal }: AbortOptions = {}): AsyncIterable<Stray> {
    signal?.throwIfAborted();
    try {
      const strays = straysUnder(this.#calls, {
        root: this.#root,
        prefix,
        onError: (folder, cause) => void this.#verdictOn(folder, cause), // Listings report it.
      });
      for await (const stray of strays) {
        signal?.throwIfAborted();
        yield stray;
      }
    } catch (cause) {
      throw this.#translate("look for strays", cause, signal);
    }
  }

  async checkWritable({ signal }: AbortOptions = {}): Promise<void> {
    await this.#doing("write", signal, async () => {
      await this.#durable.ensureFolder(this.#root);
      await this.#durable.tryWriting(this.#root);
    });
  }

  /** Keys in `folder`, ascending. What cannot be listed is added to `unreadable`. */
  async #keysIn(
    folder: string,
    unreadable: Map<string, UnreadableEntry>,
  ): Promise<Iterable<ArchiveKey>> {
    const listed = async <T>(path: string, work: () => Promise<readonly T[]>) =>
      await work().catch((cause: unknown) => {
        unreadable.set(path, this.#verdictOn(path, cause));
        return [];
      });
    const first = firstFolderOf(folder);
    if (first === undefined) {
      return filesAmong(await listed(folder, () => this.#entriesIn(folder)), folder).keys();
    }
    // The old place goes first: what another process moves meanwhile is in one of the two listings.
    const where = { calls: this.#calls, root: this.#root, mover: this.#mover };
    const old = await listed(first, () => firstFilesIn(first, where));
    const entries = await listed(
      folder,
      async () => await this.#isReal(folder) ? await this.#entriesIn(folder) : [],
    );
    const now = filesAmong(entries, folder);
    return old.length === 0 ? now.keys() : [...new Set([...old, ...now.keys()])].sort();
  }

  #isReal(folder: string): Promise<boolean> {
    return isRealFolder(this.#calls, { root: this.#root, folder: folder.split("/") });
  }

  async #entriesIn(folder: string): Promise<readonly Entry[]> {
    const path = join(this.#root, folder);
    const entries = await entriesOf(this.#calls, path);
    await this.#sweep(path, entries);
    return entries;
  }

  async #sweep(
    folder: string,
    entries: readonly Entry[],
  ): Promise<void> {
    for (const { name, kind } of entries) {
      const isLeftover = kind === "file" && scratchWriter(name) !== undefined;
      if (!isLeftover || this.#durable.isOwnScratch(name)) continue;
      const path = join(folder, name);
      try {
        const { modifiedMs } = await this.#calls.stat(path);
        if (Date.now() - modifiedMs > this.#sweepAfterMs) await this.#calls.remove(path);
      } catch {
        // Gone already, or not ours to remove: then listings report it as a stray.
      }
    }
  }

  // Runs when the semaphore lets it, and names the attempt if it fails.
  #doing<T>(
    attempt: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.#turns.run(async () => {
      try {
        return await work();
      } catch (cause) {
        throw this.#translate(attempt, cause, signal);
      }
    }, signal);
  }

  /** The verdict on a folder that cannot be listed. Throws `cause` if it concerns the whole store. */
  #verdictOn(folder: string, cause: unknown): UnreadableEntry {
    const error = folder === "" ? undefined : entryError(folder, { attempt: "", cause });
    if (error === undefined) throw cause;
    return error.entries[0];
  }

  /** As `#translate`, where `cause` may speak of the entry `path` alone. */
  #translateEntry(
    path: string,
    { attempt, cause, signal }: {
      readonly attempt: string;
      readonly cause: unknown;
      readonly signal: AbortSignal | undefined;
    },
  ): unknown {
    if (signal?.aborted && cause === signal.reason) return cause;
    const where = `${attempt} in archive "${this.#root}"`;
    return entryError(path, { attempt: where, cause }) ?? this.#translate(attempt, cause, signal);
  }

  #translate(attempt: string, cause: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted && cause === signal.reason) return cause;
    return fileError(`${attempt} in archive "${this.#root}"`, { cause, otherwise: "STORE_IO" });
  }
}
