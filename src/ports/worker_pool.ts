import type { AbortOptions } from "./batch_store.ts";

/**
 * Workers that each do one task at a time, beside each other and beside the caller. Tasks and results are
 * copied between them: plain objects, arrays, texts, numbers and bytes.
 */
export interface WorkerPool<Task, Result> {
  /** How many tasks run at once; more wait in line. */
  readonly size: number;

  /**
   * Resolves to what a worker makes of `task`.
   *
   * @throws {ChatloomError} as the work does: code and message are those of the worker's error.
   * @throws {Error} when the work fails in another way, or its worker ends.
   */
  run(task: Task, options?: AbortOptions): Promise<Result>;

  /** Ends all workers, at once: a task that runs is given up, and its `run` rejects. */
  close(): Promise<void>;
}
