import type { AbortOptions } from "../batch_store.ts";

/**
 * Which hours of its channels a node no longer wants: all before a mark. They are its own business and
 * are not given to peers. Every call may run beside any other, also from another process.
 */
export interface PruneMarks {
  /**
   * The first hour of `channel` that is wanted, such as `2026-08-01T12`; `""` if all are.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`, also when there is a mark that makes no
   * sense: to take it for none would bring back what was to go.
   */
  get(channel: string, options?: AbortOptions): Promise<string>;

  /**
   * Moves the mark of `channel` to `hour`; `""` takes it away. It is safe when it resolves.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  set(channel: string, hour: string): Promise<void>;
}
