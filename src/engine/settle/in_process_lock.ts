import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import { KeyedMutex } from "../../async/mutex.ts";

const locks = new WeakMap<BatchStore, ArchiveLock>();

/** The lock for settling `store` within this process: enough where no other process does. */
export function inProcessLock(store: BatchStore): ArchiveLock {
  let lock = locks.get(store);
  if (lock === undefined) {
    const mutex = new KeyedMutex();
    lock = { hold: (name, work, { signal } = {}) => mutex.run(name, work, signal) };
    locks.set(store, lock);
  }
  return lock;
}
