import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";

const locks = new WeakMap<BatchStore, ArchiveLock>();

/** The lock of all in this process that settle `store`: enough where no other process does. */
export function ownLock(store: BatchStore): ArchiveLock {
  let lock = locks.get(store);
  if (lock === undefined) locks.set(store, lock = new OwnLock());
  return lock;
}

class OwnLock implements ArchiveLock {
  readonly #last = new Map<string, Promise<void>>();

  async hold<T>(name: string, work: () => Promise<T>, { signal }: AbortOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#last.get(name) ?? Promise.resolve();
    const run = before.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    const done = run.then(() => {}, () => {}); // Whoever is next need not know how this one ended.
    this.#last.set(name, done);
    try {
      return await run;
    } finally {
      if (this.#last.get(name) === done) this.#last.delete(name);
    }
  }
}
