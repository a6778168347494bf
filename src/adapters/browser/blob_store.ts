import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../core/errors/errors.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";
import type { BlobSpool } from "./blob_spool.ts";

/** Where the bytes of a key come from when they are asked for. */
export interface LazyBytes {
  /** A fresh copy. */
  read(): Promise<Uint8Array>;
}

/**
 * An archive in a page: keys in memory, bytes where they are: in dropped files or in a
 * {@link BlobSpool}.
 */
export class BlobStore implements BatchStore {
  readonly #spool: BlobSpool;
  readonly #files = new Map<ArchiveKey, LazyBytes>();
  #sorted: ArchiveKey[] | undefined;

  /** An empty archive that puts what it is given into `spool`. */
  constructor(spool: BlobSpool) {
    this.#spool = spool;
  }

  /** Takes in a file without reading it. */
  adopt(key: ArchiveKey, bytes: LazyBytes): void {
    if (parseArchiveKey(key) === undefined) throw notAKey(key);
    if (!this.#files.has(key)) this.#sorted = undefined;
    this.#files.set(key, bytes);
  }

  /** Whether it holds `key`. */
  has(key: ArchiveKey): boolean {
    return this.#files.has(key);
  }

  /** How many files it holds. */
  get size(): number {
    return this.#files.size;
  }

  async *list(prefix: string, { signal }: AbortOptions = {}): AsyncIterable<ArchiveKey> {
    signal?.throwIfAborted();
    const keys = this.#keys();
    for (let i = firstNotBefore(keys, prefix); i < keys.length; i++) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) return;
      signal?.throwIfAborted();
      if (this.#files.has(key)) yield key;
    }
    await Promise.resolve();
  }

  async *folders(folder: string, { signal }: AbortOptions = {}): AsyncIterable<string> {
    signal?.throwIfAborted();
    const start = folder === "" ? "" : `${folder}/`;
    const keys = this.#keys();
    for (let i = firstNotBefore(keys, start); i < keys.length;) {
      const key = keys[i]!;
      if (!key.startsWith(start)) return;
      const to = key.indexOf("/", start.length);
      if (to === -1) return;
      yield key.slice(start.length, to);
      // `0` comes right after `/`: on to the first key of another folder.
      i = firstNotBefore(keys, `${key.slice(0, to)}0`);
    }
    await Promise.resolve();
  }

  async get(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    if (parseArchiveKey(key) === undefined) throw notAKey(key);
    try {
      return await this.#files.get(key)?.read();
    } catch (cause) {
      if (!(cause instanceof ChatloomError)) throw cause;
      const entry = { path: key, reason: cause.message };
      throw new UnreadableEntryError("STORE_IO", [entry], { cause });
    }
  }

  async put(key: ArchiveKey, bytes: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.adopt(key, this.#spool.put(bytes.slice()));
    await Promise.resolve();
  }

  async delete(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (parseArchiveKey(key) === undefined) throw notAKey(key);
    if (this.#files.delete(key)) this.#sorted = undefined;
    await Promise.resolve();
  }

  async *strays(_prefix: string, { signal }: AbortOptions = {}): AsyncIterable<Stray> {
    await Promise.resolve(signal?.throwIfAborted());
    yield* []; // The code that fills the store sorts them out.
  }

  #keys(): ArchiveKey[] {
    return this.#sorted ??= [...this.#files.keys()].sort();
  }
}

/** Where in sorted `keys` the first stands that is not before `text`. */
function firstNotBefore(keys: readonly string[], text: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function notAKey(key: string): RangeError {
  return new RangeError(`Cannot use "${key}" as a key: it names no file of an archive`);
}
