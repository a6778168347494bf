import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";

/** An archive in memory, gone with the process: for simulated worlds, tests and browser pages. */
export function memoryStore(): BatchStore {
  return new MemoryArchive();
}

class MemoryArchive implements BatchStore {
  // By folder and in it by key, as on a disk: listing an hour costs an hour.
  readonly #folders = new Map<string, Map<ArchiveKey, Uint8Array>>();

  async *list(prefix: string, { signal }: AbortOptions = {}): AsyncIterable<ArchiveKey> {
    signal?.throwIfAborted();
    for (const folder of this.#foldersOf(prefix)) {
      // Keys that come or go during the listing: what is there when a folder's turn comes, counts.
      for (const key of [...(this.#folders.get(folder)?.keys() ?? [])].sort()) {
        signal?.throwIfAborted();
        if (key.startsWith(prefix) && this.#folders.get(folder)?.has(key)) yield key;
      }
    }
  }

  async *folders(folder: string, { signal }: AbortOptions = {}): AsyncIterable<string> {
    signal?.throwIfAborted();
    const start = folder === "" ? "" : `${folder}/`;
    const names = new Set<string>();
    for (const path of this.#folders.keys()) {
      if (path.startsWith(start)) names.add(path.slice(start.length).split("/", 1)[0]!);
    }
    for (const name of [...names].sort()) {
      signal?.throwIfAborted();
      yield name;
    }
  }

  async get(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    return await Promise.resolve(this.#folders.get(folderOf(key))?.get(key)?.slice());
  }

  async put(key: ArchiveKey, bytes: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const folder = folderOf(key);
    let files = this.#folders.get(folder);
    if (files === undefined) this.#folders.set(folder, files = new Map());
    files.set(key, new Uint8Array(bytes));
    await Promise.resolve();
  }

  async delete(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const folder = folderOf(key);
    const files = this.#folders.get(folder);
    files?.delete(key);
    if (files?.size === 0) this.#folders.delete(folder);
    await Promise.resolve();
  }

  async *strays(_prefix: string, { signal }: AbortOptions = {}): AsyncIterable<Stray> {
    await Promise.resolve(signal?.throwIfAborted());
    yield* []; // Nothing gets in but by `put`.
  }

  #foldersOf(prefix: string): string[] {
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
    if (this.#folders.has(folder)) return [folder];
    return [...this.#folders.keys()].filter((path) => `${path}/`.startsWith(prefix))
      .sort((a, b) => `${a}/` < `${b}/` ? -1 : 1);
  }
}

function folderOf(key: ArchiveKey): string {
  if (parseArchiveKey(key) === undefined) {
    throw new RangeError(`Cannot use "${key}" as a key: it names no file of an archive`);
  }
  return key.slice(0, key.lastIndexOf("/"));
}
