import { dirname, join, sep } from "node:path";
import { errnoError, type FileCalls, type FileKind, type OpenFile } from "./file_calls.ts";
import { errnoOf, isAbsence, isDenial } from "./file_errors.ts";
import { Coalescer } from "../../../async/coalescer.ts";
import { Lru } from "../../../core/lru.ts";
import { newWriterName, scratchName, scratchWriter } from "./stored_name.ts";

/** How many folders a store remembers that it has looked at: three for each of ten thousand channels. */
export const FOLDERS_REMEMBERED_MAX = 32_768;

/** Files that are written whole or not at all, and survive a power cut once they are written. */
export class DurableFiles {
  readonly #calls: FileCalls;
  readonly #inside: string;
  readonly #syncs = new Coalescer<void>();
  readonly #writer = newWriterName();
  readonly #safeFolders = new Lru<string, true>({ countMax: FOLDERS_REMEMBERED_MAX });
  #scratchCount = 0;

  /** For files inside `root`, an absolute path, through `calls`. */
  constructor(calls: FileCalls, root: string) {
    this.#calls = calls;
    this.#inside = root.endsWith(sep) ? root : root + sep;
  }

  /** Whether this object is writing a file of that name. */
  isOwnScratch(name: string): boolean {
    return scratchWriter(name) === this.#writer;
  }

  /** What `path` is; `undefined` if nothing is there. */
  async kind(path: string): Promise<FileKind | undefined> {
    try {
      return (await this.#calls.stat(path)).kind;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  /**
   * Writes `bytes` to a scratch file in `folder`, which must be there, flushes it, gives it `name`
   * in place of any file that has it, and flushes the folder.
   *
   * When it throws, the file is there whole or not at all. A scratch file may be left behind only
   * by a crash or a disk that refuses to forget it.
   *
   * @param options.check called with the path of the flushed scratch file: where it throws, the file does not
   * get its name.
   */
  async write(
    folder: string,
    { name, bytes, check, signal }: {
      readonly name: string;
      readonly bytes: Uint8Array;
      readonly check?: (path: string) => Promise<void>;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<void> {
    const scratch = this.#newScratch(folder, name);
    try {
      await this.#fill(scratch, bytes, signal);
      await check?.(scratch);
      signal?.throwIfAborted();
      await this.#calls.rename(scratch, join(folder, name));
    } catch (error) {
      await this.#calls.remove(scratch).catch(() => {}); // The first failure is thrown.
      throw error;
    }
    await this.sync(folder);
  }

  /** Writes, flushes and removes a file in `folder`, which must be there. Throws if that fails. */
  async tryWriting(folder: string): Promise<void> {
    const scratch = this.#newScratch(folder);
    try {
      await this.#fill(scratch, new TextEncoder().encode("chatloom was here\n"), undefined);
    } catch (error) {
      await this.#calls.remove(scratch).catch(() => {}); // The first failure is thrown.
      throw error;
    }
    await this.#calls.remove(scratch);
  }

  /** The file system's present, in ms since 1970; this machine's where it can't be written. */
  async nowMs(folder: string): Promise<number> {
    const scratch = this.#newScratch(folder);
    try {
      const file = await this.#calls.create(scratch);
      return (await closing(file, () => file.facts())).modifiedMs;
    } catch {
      return Date.now(); // A file system that cannot be written has no live journals either.
    } finally {
      await this.#calls.remove(scratch).catch(() => {}); // A scratch file: swept if it stays.
    }
  }

  /** Flushes the names in `folder`, together with other callers at the same time. */
  async sync(folder: string): Promise<void> {
    await this.#syncs.run(folder, () => this.#calls.syncFolder(folder));
  }

  /** Flushes a file that is there already. */
  async syncFile(path: string): Promise<void> {
    const file = await this.#calls.open(path);
    await closing(file, () => file.sync());
  }

  /**
   * Makes `folder` with all that lead to it, so that they survive a power cut. Folders inside the
   * root are real ones: on a link it fails with `ELOOP`, on anything else with `ENOTDIR`.
   *
   * A folder is looked at once and then remembered until {@link DurableFiles.forgetFolders}.
   */
  async ensureFolder(folder: string): Promise<void> {
    if (this.#safeFolders.get(folder)) return;
    const parent = dirname(folder);
    const isInside = folder.startsWith(this.#inside);
    if (isInside) await this.ensureFolder(parent);
    await this.#makeFolder(folder);
    // Also when it was there: its maker may have died before flushing its name.
    if (isInside) await this.sync(parent);
    else await this.#syncUpwards(parent);
    this.#safeFolders.set(folder, true);
  }

  /** Checks every folder anew from here on, as when one has vanished. */
  forgetFolders(): void {
    this.#safeFolders.clear();
  }

  /** The path of a new scratch file in `folder`, for a file that will be called `name` there. */
  #newScratch(folder: string, name?: string): string {
    const count = ++this.#scratchCount;
    return join(folder, scratchName({ writer: this.#writer, count, name }));
  }

  async #makeFolder(folder: string): Promise<void> {
    if (await this.kind(folder) === undefined) await this.#tryMakeFolder(folder);
    const kind = await this.kind(folder);
    if (kind === "folder") return;
    if (kind === undefined) throw errnoError("ENOENT", folder);
    // The archive itself may be a link, but nothing inside it may.
    if (kind === "link" && !folder.startsWith(this.#inside)) return;
    throw errnoError(kind === "link" ? "ELOOP" : "ENOTDIR", folder);
  }

  async #tryMakeFolder(folder: string): Promise<void> {
    try {
      await this.#calls.makeFolder(folder);
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return; // Another process was faster.
      const parent = dirname(folder);
      const isAbove = !folder.startsWith(this.#inside) && parent !== folder;
      if (errnoOf(error) !== "ENOENT" || !isAbove) throw error;
      await this.#makeFolder(parent);
      // With its parent there, ENOENT is final: /proc answers so when a folder is made in it.
      await this.#calls.makeFolder(folder).catch((again: unknown) => {
        if (errnoOf(again) !== "EEXIST") throw again;
      });
    }
  }

  // Folders above the archive may belong to other users and need not be readable.
  async #syncUpwards(folder: string): Promise<void> {
    try {
      await this.sync(folder);
    } catch (error) {
      if (isDenial(error)) return;
      throw error;
    }
    if (dirname(folder) !== folder) await this.#syncUpwards(dirname(folder));
  }

  async #fill(path: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const file = await this.#calls.create(path);
    await closing(file, async () => {
      for (let written = 0; written < bytes.length;) {
        signal?.throwIfAborted();
        const count = await file.write(bytes, written);
        if (count <= 0) throw errnoError("EIO", path); // A disk that never takes a byte.
        written += count;
      }
      await file.sync();
    });
  }
}

// Memory grows with what was read: a file may claim any length without holding that much.
const READ_FIRST_BYTES = 4 * 1024 * 1024;

/** Reads `file` to its end, at most `mostBytes` of it. */
export async function readWhole(file: OpenFile, mostBytes: number): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(Math.min(mostBytes, READ_FIRST_BYTES));
  let length = 0;
  while (length < mostBytes) {
    if (length === bytes.length) {
      const more = new Uint8Array(Math.min(mostBytes, length * 2));
      more.set(bytes);
      bytes = more;
    }
    const count = await file.read(bytes, length);
    if (count <= 0) break;
    length += count;
  }
  return length < bytes.length ? bytes.slice(0, length) : bytes;
}

/** Runs `work` and closes `file`. A failure of `work` comes before one of closing. */
export async function closing<T>(file: OpenFile, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await file.close().catch(() => {}); // The first failure is thrown.
    throw error;
  }
  await file.close(); // Some file systems say only here that writing failed.
  return result;
}
