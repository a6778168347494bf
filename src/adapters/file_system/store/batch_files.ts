import { Buffer } from "node:buffer";
import { join } from "node:path";
import { platform } from "node:process";
import {
  type ArchiveKey,
  type ArchiveKeyParts,
  parseArchiveKey,
} from "../../../core/archive/archive_key.ts";
import { COVERAGE_MAX_BYTES } from "../../../core/coverage/coverage.ts";
import { firstPathOf } from "../../../core/archive/first_layout.ts";
import { Lru } from "../../../core/lru.ts";
import { REDACTION_MAX_BYTES } from "../../../core/redaction/redaction.ts";
import { isRealFolder } from "./archive_walk.ts";
import {
  closing,
  type DurableFiles,
  FOLDERS_REMEMBERED_MAX,
  readWhole,
} from "../calls/durable_files.ts";
import type { FileCalls, FileFacts, FileKind, OpenFile } from "../calls/file_calls.ts";
import { entryError, EntryFault, errnoOf, isAbsence } from "../calls/file_errors.ts";
import { type Colon, kindReason, toStoredName } from "../calls/stored_name.ts";

/**
 * The largest file that a store of files takes or gives: 256 MiB. That is a minute of 5,000 messages
 * a second, and still fits into one string of every JavaScript engine.
 */
export const FILE_MAX_BYTES: number = 256 * 1024 * 1024;

// On Windows a name with a colon would be a hidden stream of another file.
const IS_WINDOWS = platform === "win32";

/** Where a key's file belongs: `folder` is relative to the archive, `name` has the colon. */
export interface Place {
  readonly folder: string;
  readonly name: string;
  /** A longer file is none of that kind, and is not read. */
  readonly maxBytes: number;
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
  readonly #realFolders = new Lru<string, true>({ countMax: FOLDERS_REMEMBERED_MAX });
  #colon: Colon;

  /** Files below `root`, written by `files`. */
  constructor(
    root: string,
    { calls, files, colon }: {
      readonly calls: FileCalls;
      readonly files: DurableFiles;
      readonly colon: Colon | undefined;
    },
  ) {
    this.#root = root;
    this.#calls = calls;
    this.#files = files;
    this.#colon = colon ?? (IS_WINDOWS ? "_" : ":");
  }

  /**
   * The bytes of the file there; `undefined` if nothing is there.
   *
   * @throws {EntryFault} when it is no file, or longer than it can be.
   */
  async read(place: Place): Promise<Uint8Array | undefined> {
    // Another process may move it between the first look and the second: then the third finds it.
    const looks = place.first === undefined ? [place] : [place, place.first, place];
    let fault: { readonly error: unknown } | undefined;
    for (const each of looks) {
      try {
        const found = await this.#find(each);
        const bytes = found && await this.#readFile(found, place.maxBytes);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        // A copy in the other place may be good.
        if (entryError(each.name, { attempt: "", cause: error }) === undefined) throw error;
        fault ??= { error };
      }
    }
    if (fault !== undefined) throw fault.error;
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
      // Another process removed the folder meanwhile, or swept our scratch file while we slept.
      this.#files.forgetFolders();
      this.#realFolders.clear();
      await this.#writeOnce(place, bytes, signal);
    }
    // A copy that cannot be removed is the same file once more, and counts once.
    if (place.first !== undefined) await this.remove(place.first).catch(() => {});
  }

  /**
   * Moves the file from where the first version put it to where it belongs: it is safe in its new place
   * before it leaves the old one. If another file is there already, both stay.
   */
  async move({ first, ...place }: Place): Promise<void> {
    const bytes = first === undefined ? undefined : await this.read(first);
    if (first === undefined || bytes === undefined) return; // Another process was faster.
    const found = await this.#find(place);
    if (found === undefined || await this.#holds(found, bytes)) {
      await this.write(place, bytes, { signal: undefined });
      await this.remove(first);
    }
  }

  /** Removes the file, under all names that it can have. What is no file stays. */
  async remove(place: Place): Promise<void> {
    if (place.first !== undefined) await this.remove(place.first);
    for (const name of namesOnDisk(place.name)) {
      const found = await this.#find({ ...place, name });
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
    if (found !== undefined && found.kind !== "file") throw notAFile(found.kind);
    if (found !== undefined && await this.#holds(found, bytes)) {
      // Its writer may have died before flushing it.
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

  // The entry where the file should be, with or without the colon.
  async #find(place: Place): Promise<Found | undefined> {
    if (!(await this.#isReal(place.folder))) return undefined;
    let blocking: Found | undefined;
    for (const name of namesOnDisk(place.name)) {
      const path = join(this.#root, place.folder, name);
      try {
        const found = { path, name, ...(await this.#calls.stat(path)) };
        if (found.kind === "file") return found;
        blocking ??= found;
      } catch (error) {
        // EINVAL: a name with a colon, where no name can have one.
        if (!isAbsence(error) && errnoOf(error) !== "EINVAL") throw error;
      }
    }
    return blocking;
  }

  async #isReal(folder: string): Promise<boolean> {
    if (this.#realFolders.get(folder)) return true;
    const parts = folder.split("/");
    if (!(await isRealFolder(this.#calls, { root: this.#root, folder: parts }))) return false;
    this.#realFolders.set(folder, true);
    return true;
  }

  async #readFile(found: Found, maxBytes: number): Promise<Uint8Array | undefined> {
    // Looked at before: opening a pipe would wake the writer at its other end.
    if (found.kind !== "file") throw notAFile(found.kind);
    let file: OpenFile;
    try {
      file = await this.#calls.open(found.path);
    } catch (error) {
      if (isAbsence(error)) return undefined; // Deleted since it was looked at.
      throw error;
    }
    return await closing(file, async () => {
      const { kind, sizeBytes } = await file.facts();
      if (kind !== "file") throw notAFile(kind);
      if (sizeBytes > maxBytes) {
        throw new EntryFault(`it is too large: ${sizeBytes} bytes, where ${maxBytes} are the most`);
      }
      return await readWhole(file, sizeBytes);
    });
  }

  async #holds(found: Found, bytes: Uint8Array): Promise<boolean> {
    if (found.sizeBytes !== bytes.length) return false;
    const stored = await this.#readFile(found, bytes.length).catch((error) => {
      // Replaced like other damage: a bad sector, or a file that this user may not read.
      if (entryError(found.path, { attempt: "", cause: error }) !== undefined) return undefined;
      throw error;
    });
    return stored !== undefined && Buffer.compare(stored, bytes) === 0;
  }
}

function notAFile(kind: FileKind): EntryFault {
  return new EntryFault(`in its place is ${kindReason(kind, "file")}`);
}

/** How long a file of each kind can be. A longer one is no such file, whatever its name says. */
const MAX_BYTES: { readonly [kind in ArchiveKeyParts["kind"]]: number } = {
  batch: FILE_MAX_BYTES,
  coverage: COVERAGE_MAX_BYTES,
  redaction: REDACTION_MAX_BYTES,
  // Its name holds all of its meaning; other programs may leave a note in it.
  tombstone: 64 * 1024,
};

/**
 * The place of a key's file. Nothing else ever becomes a path.
 *
 * @throws {RangeError} when `key` names no file of an archive.
 */
export function placeOf(key: ArchiveKey): Place {
  const parts = parseArchiveKey(key);
  if (parts === undefined) {
    throw new RangeError(`Cannot use "${key}" as a key: it names no file of an archive`);
  }
  const maxBytes = MAX_BYTES[parts.kind];
  const first = firstPathOf(key);
  return {
    ...split(key, maxBytes),
    ...(first === undefined ? {} : { first: split(first, maxBytes) }),
  };
}

function split(path: string, maxBytes: number): Place {
  const at = path.lastIndexOf("/");
  return { folder: path.slice(0, at), name: path.slice(at + 1), maxBytes };
}

function namesOnDisk(name: string): readonly string[] {
  const plain = toStoredName(name, "_");
  return plain === name ? [name] : IS_WINDOWS ? [plain] : [name, plain];
}
