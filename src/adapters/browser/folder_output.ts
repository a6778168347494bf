import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { areBytesEqual } from "../../core/bytes.ts";
import { ChatloomError } from "../../core/errors/errors.ts";

/**
 * Writes files of an archive into a folder that the user chose. A file appears whole or not at all.
 * What was written can be taken back; what was there before stays.
 */
export class FolderOutput {
  readonly #root: FileSystemDirectoryHandle;
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();
  readonly #written: { readonly folder: FileSystemDirectoryHandle; readonly name: string }[] = [];
  readonly #made: { readonly parent: FileSystemDirectoryHandle; readonly name: string }[] = [];
  #colon: ":" | "_" | undefined;

  /** Writes into `root`. */
  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  /** How many files were written. */
  get writtenCount(): number {
    return this.#written.length;
  }

  /**
   * Writes a file unless it is there with these bytes.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`; `STORE_DENIED` also when a
   * file of that name is there with other bytes, which is left as it is.
   */
  async put(key: ArchiveKey, bytes: Uint8Array): Promise<void> {
    try {
      const folder = await this.#folderOf(key);
      const name = key.slice(key.lastIndexOf("/") + 1);
      const stored = await this.#storedName(folder, name);
      const there = await existing(folder, [stored, name.replace(":", "_")]);
      if (there !== undefined) {
        if (areBytesEqual(new Uint8Array(await there.arrayBuffer()), bytes)) return;
        throw new ChatloomError("STORE_DENIED", `Cannot write "${key}": another file is there`);
      }
      this.#written.push({ folder, name: stored }); // Before it is there: a half one goes, too.
      const file = await folder.getFileHandle(stored, { create: true });
      const writable = await file.createWritable();
      try {
        await writable.write(bytes as Uint8Array<ArrayBuffer>);
        await writable.close();
      } catch (error) {
        await writable.abort().catch(() => {}); // The first failure is thrown.
        throw error;
      }
    } catch (cause) {
      if (cause instanceof ChatloomError) throw cause;
      throw new ChatloomError(codeOf(cause), `Cannot write "${key}"`, { cause });
    }
  }

  /** Takes back what was written, and the folders that were made for it where they are empty. */
  async undo(): Promise<void> {
    for (const { folder, name } of this.#written.splice(0).reverse()) {
      await folder.removeEntry(name).catch(ignoreMissing);
    }
    this.#folders.clear();
    for (const { parent, name } of this.#made.splice(0).reverse()) {
      await parent.removeEntry(name).catch(() => {}); // Not empty: something else is in it.
    }
  }

  async #folderOf(key: ArchiveKey): Promise<FileSystemDirectoryHandle> {
    let folder = this.#root;
    let path = "";
    for (const name of key.split("/").slice(0, -1)) {
      path += `${name}/`;
      const known = this.#folders.get(path);
      const next = known ?? await this.#openFolder(folder, name);
      if (known === undefined) this.#folders.set(path, next);
      folder = next;
    }
    return folder;
  }

  async #openFolder(
    parent: FileSystemDirectoryHandle,
    name: string,
  ): Promise<FileSystemDirectoryHandle> {
    try {
      return await parent.getDirectoryHandle(name);
    } catch (error) {
      if (!isNamed(error, "NotFoundError")) throw error;
      const folder = await parent.getDirectoryHandle(name, { create: true });
      this.#made.push({ parent, name });
      return folder;
    }
  }

  /** Chromium refuses names with a colon everywhere; stores read the other form as well. */
  async #storedName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
    if (this.#colon === undefined && name.includes(":")) {
      try {
        await folder.getFileHandle(name);
        this.#colon = ":";
      } catch (error) {
        this.#colon = isNamed(error, "NotFoundError") ? ":" : "_";
      }
    }
    return this.#colon === "_" ? name.replace(":", "_") : name;
  }
}

async function existing(
  folder: FileSystemDirectoryHandle,
  names: readonly string[],
): Promise<File | undefined> {
  for (const name of names) {
    try {
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (!isNamed(error, "NotFoundError")) throw error;
    }
  }
  return undefined;
}

function ignoreMissing(error: unknown): void {
  if (!isNamed(error, "NotFoundError")) throw error;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function codeOf(error: unknown): "STORE_FULL" | "STORE_DENIED" | "STORE_IO" {
  if (isNamed(error, "QuotaExceededError")) return "STORE_FULL";
  return isNamed(error, "NotAllowedError") || isNamed(error, "NoModificationAllowedError")
    ? "STORE_DENIED"
    : "STORE_IO";
}
