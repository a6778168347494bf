import { ChatloomError } from "../../core/errors/errors.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";

/**
 * A pool whose workers run in this thread, for tests and small runs: tasks, results and errors are copied as
 * between threads.
 */
export function inlinePool<Task, Result>(
  work: (task: Task) => Promise<Result>,
  { size = 2 }: { readonly size?: number } = {},
): WorkerPool<Task, Result> {
  return {
    size,
    async run(task: Task, { signal }: AbortOptions = {}): Promise<Result> {
      signal?.throwIfAborted();
      try {
        return structuredClone(await work(structuredClone(task)));
      } catch (error) {
        if (error instanceof ChatloomError) throw new ChatloomError(error.code, error.message);
        throw new Error(error instanceof Error ? error.message : String(error));
      }
    },
    close: () => Promise.resolve(),
  };
}
