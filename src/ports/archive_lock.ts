import type { AbortOptions } from "./batch_store.ts";

/**
 * Lets those who delete from an archive take turns. Reading and storing need no turn.
 *
 * Every call may run beside any other, also from another process on the same archive. A holder that
 * dies loses its turn. Implementations prove themselves with `archiveLockSuite`.
 */
export interface ArchiveLock {
  /**
   * Runs `work` while no other caller runs anything under `name`, and settles as it does. A caller that asks
   * waits for those before; `name` is a channel's.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO` when it cannot be told whose
   * turn it is. Rejects with `signal.reason` if that aborts before `work` begins.
   */
  hold<T>(name: string, work: () => Promise<T>, options?: AbortOptions): Promise<T>;
}
