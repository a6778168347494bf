import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { ThreadAnswer } from "./thread_pool.ts";

/**
 * Where the module that calls it runs as a thread of a pool for `kind`: works on the tasks that the pool
 * sends, one at a time. Does nothing elsewhere, so that the module can be imported for what it exports.
 *
 * @param kind what `data.kind` of the pool is.
 * @param open makes what works on tasks from the pool's `data`.
 * @param buffersOf the memory of a result that is handed over instead of copied: the thread has done with it.
 */
export function serveThread<Data extends { readonly kind: string }, Task, Result>(
  kind: Data["kind"],
  open: (data: Data) => (task: Task) => Promise<Result>,
  buffersOf: (result: Result) => Iterable<ArrayBuffer> = () => [],
): void {
  const port = parentPort;
  const data = workerData as Data | null | undefined;
  if (isMainThread || port === null || data?.kind !== kind) return;
  const work = open(data);
  port.on("message", (task: Task) => {
    work(task).then(
      (result) => {
        const answer: ThreadAnswer = { ok: true, result };
        port.postMessage(answer, [...new Set(buffersOf(result))]);
      },
      (error: unknown) => {
        const answer: ThreadAnswer = {
          ok: false,
          code: error instanceof ChatloomError ? error.code : undefined,
          message: error instanceof Error ? error.message : String(error),
        };
        port.postMessage(answer);
      },
    );
  });
}
