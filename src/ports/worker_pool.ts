import type { AbortOptions } from "./batch_store.ts";

/** How a task is run. */
export interface RunOptions<News> extends AbortOptions {
  /** Called with what the worker tells before it is done, in its order. */
  readonly onNews?: ((news: News) => void) | undefined;
}

/**
 * Workers that each do one task at a time, beside each other and beside the caller. Tasks and results are
 * copied between them: plain objects, arrays, texts, numbers and bytes.
 */
export interface WorkerPool<Task, Result, News = never> {
  /** How many tasks run at once; more wait in line. */
  readonly size: number;

  /**
   * Resolves to what a worker makes of `task`. Once `signal` aborts, a task that runs is told, and this rejects
   * with the reason when it has ended.
   *
   * @throws {ChatloomError} as the work does: code and message are those of the worker's error.
   * @throws {Error} when the work fails in another way, or its worker ends.
   */
  run(task: Task, options?: RunOptions<News>): Promise<Result>;

  /** Ends all workers, at once: a task that runs is given up, and its `run` rejects. */
  close(): Promise<void>;
}
