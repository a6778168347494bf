import type { AbortOptions } from "../batch_store.ts";

/**
 * The marks of pruning: a node no longer keeps the hours before a channel's mark. Marks concern one node and
 * are not sent to peers. Every call may run beside any other, also from another process.
 */
export interface PruneMarks {
  /**
   * The first hour of `channel` that is kept, such as `2026-08-01T12`; `""` if all are.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`, also when a mark is
   * invalid: ignoring it would bring back pruned hours.
   */
  get(channel: string, options?: AbortOptions): Promise<string>;

  /**
   * Moves the mark of `channel` to `hour`; `""` removes it. The mark is safe when it resolves.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  set(channel: string, hour: string): Promise<void>;
}
