import { Buffer } from "node:buffer";
import { join } from "node:path";
import { platform } from "node:process";
import { type ArchiveKey, parseArchiveKey } from "../../core/archive_key.ts";
import { firstPathOf } from "../../core/layout/first_layout.ts";
import { isRealFolder } from "./archive_walk.ts";
import { closing, type DurableFiles, readWhole } from "./durable_files.ts";
import type { FileCalls, FileFacts, OpenFile } from "./file_calls.ts";
import { errnoOf, isAbsence } from "./file_errors.ts";
import { type Colon, kindReason, toStoredName } from "./stored_name.ts";

// More would be forgotten and looked at again: a bound, not a tuned number.
const FOLDERS_REMEMBERED_MAX = 4096;

// On Windows a name with a colon would be a hidden stream of another file.
const IS_WINDOWS = platform === "win32";

/** Where a key's file belongs: `folder` is relative to the archive, `name` has the colon. */
export interface Place {
  readonly folder: string;
  readonly name: string;
  /** Where the first version put it, if elsewhere: it is read there too. */
  readonly first?: Place;
}

interface Found extends FileFacts {
  readonly path: string;
  readonly name: string;
}

/** The files of an archive one by one. Errors are the file system's. */
export class BatchFiles {
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #files: DurableFiles;
  readonly #fileMaxBytes: number;
  readonly #realFolders = new Set<string>();
  #colon: Colon;

  /** Files below `root`, written by `files`, none longer than `fileMaxBytes`. */
  constructor(
    root: string,
    { calls, files, fileMaxBytes, colon }: {
      readonly calls: FileCalls;
      readonly files: DurableFiles;
      readonly fileMaxBytes: number;
      readonly colon: Colon | undefined;
    },
  ) {
    this.#root = root;
    this.#calls = calls;
    this.#files = files;
    this.#fileMaxBytes = fileMaxBytes;
    this.#colon = colon ?? (IS_WINDOWS ? "_" : ":");
  }

  /** The bytes of the file there; `undefined` if there is none, or something that is no file. */
  async read(place: Place): Promise<Uint8Array | undefined> {
    // Another process may move it between the first look and the second: then the third finds it.
    const looks = place.first === undefined ? [place] : [place, place.first, place];
    for (const each of looks) {
      const found = await this.#find(each);
      const bytes = found?.kind === "file" ? await this.#readFile(found.path) : undefined;
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  /** Writes the file, unless it is there already with the same bytes; then it is flushed. */
  async write(
    place: Place,
    bytes: Uint8Array,
    { signal }: { readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    try {
      await this.#writeOnce(place, bytes, signal);
    } catch (error) {
      if (!isAbsence(error)) throw error;
      // Somebody removed the folder meanwhile, or swept our scratch file while we slept.
      this.#files.forgetFolders();
      this.#realFolders.clear();
      await this.#writeOnce(place, bytes, signal);
    }
    // What cannot be removed is the same file once more, and counts once.
    if (place.first !== undefined) await this.remove(place.first).catch(() => {});
  }

  /**
   * Moves the file from where the first version put it to where it belongs: it is safe in its new place
   * before it leaves the old one. If another file is there already, both stay.
   */
  async move({ folder, name, first }: Place): Promise<void> {
    const bytes = first === undefined ? undefined : await this.read(first);
    if (first === undefined || bytes === undefined) return; // Another process was faster.
    const found = await this.#find({ folder, name });
    if (found === undefined || await this.#holds(found, bytes)) {
      await this.write({ folder, name }, bytes, { signal: undefined });
      await this.remove(first);
    }
  }

  /** Removes the file, under all names that it can have. What is no file stays. */
  async remove(place: Place): Promise<void> {
    if (place.first !== undefined) await this.remove(place.first);
    for (const name of namesOnDisk(place.name)) {
      const found = await this.#find({ folder: place.folder, name });
      if (found?.kind !== "file") continue;
      await this.#calls.remove(found.path).catch((error) => {
        if (!isAbsence(error)) throw error; // Another process was faster.
      });
    }
  }

  async #writeOnce(
    place: Place,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const folder = join(this.#root, place.folder);
    await this.#files.ensureFolder(folder);
    const found = await this.#find(place);
    if (found !== undefined && found.kind !== "file") {
      throw new Error(`in its place is ${kindReason(found.kind, "file")}`);
    }
    if (found !== undefined && await this.#holds(found, bytes)) {
      // Whoever wrote it may have died before flushing it.
      await this.#files.syncFile(found.path);
      return await this.#files.sync(folder);
    }
    const write = (name: string) => this.#files.write(folder, { name, bytes, signal });
    if (found !== undefined) return await write(found.name);
    try {
      await write(toStoredName(place.name, this.#colon));
    } catch (error) {
      if (errnoOf(error) !== "EINVAL" || this.#colon === "_") throw error;
      await write(toStoredName(place.name, "_")); // FAT and its kin take no colon.
      this.#colon = "_";
    }
  }

  // What stands where the file should be, with or without the colon.
  async #find(place: Place): Promise<Found | undefined> {
    if (!(await this.#isReal(place.folder))) return undefined;
    for (const name of namesOnDisk(place.name)) {
      const path = join(this.#root, place.folder, name);
      try {
        return { path, name, ...(await this.#calls.look(path)) };
      } catch (error) {
        // EINVAL: a name with a colon, where no name can have one.
        if (!isAbsence(error) && errnoOf(error) !== "EINVAL") throw error;
      }
    }
    return undefined;
  }

  async #isReal(folder: string): Promise<boolean> {
    if (this.#realFolders.has(folder)) return true;
    const parts = folder.split("/");
    if (!(await isRealFolder(this.#calls, { root: this.#root, folder: parts }))) return false;
    if (this.#realFolders.size >= FOLDERS_REMEMBERED_MAX) this.#realFolders.clear();
    this.#realFolders.add(folder);
    return true;
  }

  async #readFile(path: string): Promise<Uint8Array | undefined> {
    let file: OpenFile;
    try {
      file = await this.#calls.open(path);
    } catch (error) {
      if (isAbsence(error)) return undefined; // Deleted since it was looked at.
      throw error;
    }
    return await closing(file, async () => {
      const { kind, sizeBytes } = await file.facts();
      if (kind !== "file") return undefined;
      if (sizeBytes > this.#fileMaxBytes) throw new Error(`it is too large: ${sizeBytes} bytes`);
      return await readWhole(file, sizeBytes);
    });
  }

  async #holds({ path, sizeBytes }: Found, bytes: Uint8Array): Promise<boolean> {
    if (sizeBytes !== bytes.length) return false;
    const stored = await this.#readFile(path).catch((error) => {
      if (errnoOf(error) === "EIO") return undefined; // A bad sector: replaced like other damage.
      throw error;
    });
    return stored !== undefined && Buffer.compare(stored, bytes) === 0;
  }
}

/**
 * The place of a key's file. Nothing else ever becomes a path.
 *
 * @throws {RangeError} when `key` names no file of an archive.
 */
export function placeOf(key: ArchiveKey): Place {
  if (parseArchiveKey(key) === undefined) {
    throw new RangeError(`Cannot use "${key}" as a key: it names no file of an archive`);
  }
  const first = firstPathOf(key);
  return { ...split(key), ...(first === undefined ? {} : { first: split(first) }) };
}

function split(path: string): Place {
  const at = path.lastIndexOf("/");
  return { folder: path.slice(0, at), name: path.slice(at + 1) };
}

function namesOnDisk(name: string): readonly string[] {
  const plain = toStoredName(name, "_");
  return plain === name ? [name] : IS_WINDOWS ? [plain] : [name, plain];
}
