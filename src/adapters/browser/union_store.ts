import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";

/** Several archives read as one, as if all their files lay in one tree. It cannot be written. */
export class UnionStore implements BatchStore {
  readonly #stores: readonly BatchStore[];

  /** The union of `stores`. Where several hold a key, the first that can read it answers. */
  constructor(stores: readonly BatchStore[]) {
    this.#stores = stores;
  }

  list(prefix: string, options?: AbortOptions): AsyncIterable<ArchiveKey> {
    return mergeSorted(this.#stores.map((store) => store.list(prefix, options)));
  }

  folders(folder: string, options?: AbortOptions): AsyncIterable<string> {
    return mergeSorted(this.#stores.map((store) => store.folders(folder, options)));
  }

  async get(key: ArchiveKey, options?: AbortOptions): Promise<Uint8Array | undefined> {
    let verdict: UnreadableEntryError | undefined;
    for (const store of this.#stores) {
      try {
        const bytes = await store.get(key, options);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        if (!(error instanceof UnreadableEntryError)) throw error;
        verdict ??= error; // Another may hold a copy that can be read.
      }
    }
    if (verdict !== undefined) throw verdict;
    return undefined;
  }

  put(key: ArchiveKey): Promise<void> {
    return Promise.reject(new TypeError(`Cannot put "${key}": this archive is only read`));
  }

  delete(key: ArchiveKey): Promise<void> {
    return Promise.reject(new TypeError(`Cannot delete "${key}": this archive is only read`));
  }

  async *strays(prefix: string, options?: AbortOptions): AsyncIterable<Stray> {
    for (const store of this.#stores) yield* store.strays(prefix, options);
  }
}

/** Texts of lists that are each sorted, sorted and each once. */
async function* mergeSorted(lists: readonly AsyncIterable<string>[]): AsyncIterable<string> {
  const heads = lists.map((list) => ({ iterator: list[Symbol.asyncIterator](), value: "" }));
  const live = new Set(heads);
  async function advance(head: typeof heads[number]): Promise<void> {
    const { done, value } = await head.iterator.next();
    if (done) live.delete(head);
    else head.value = value;
  }
  try {
    for (const head of heads) await advance(head);
    while (live.size > 0) {
      let least: string | undefined;
      for (const { value } of live) if (least === undefined || value < least) least = value;
      yield least!;
      for (const head of [...live]) if (head.value === least) await advance(head);
    }
  } finally {
    for (const { iterator } of live) await iterator.return?.();
  }
}
