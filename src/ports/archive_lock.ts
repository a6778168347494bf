import type { AbortOptions } from "./batch_store.ts";

/**
 * A mutex for deleting from an archive. Reading and storing do not need it.
 *
 * Every call may run beside any other, also from another process on the same archive. A process that
 * dies loses the lock. Implementations prove themselves with `archiveLockSuite`.
 */
export interface ArchiveLock {
  /**
   * Runs `work` while no other caller runs anything under `name`, and settles as it does. A caller that asks
   * waits for those before; `name` is a channel's.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO` when the holder of the
   * lock is unknown. Rejects with `signal.reason` if that aborts before `work` begins.
   */
  hold<T>(name: string, work: () => Promise<T>, options?: AbortOptions): Promise<T>;
}
