import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { ThreadAnswer, ThreadOrder } from "./thread_pool.ts";

/** What a task of a thread can do beside its work. */
export interface ThreadTask<News> {
  /** Aborts when the task is no longer wanted. */
  readonly signal: AbortSignal;
  /** Tells the one who waits for the task. */
  tell(news: News): void;
}

/**
 * Where the module that calls it runs as a thread of a pool for `kind`: works on the tasks that the pool
 * sends, one at a time. Does nothing elsewhere, so that the module can be imported for what it exports.
 *
 * @param kind what `data.kind` of the pool is.
 * @param open makes what works on tasks from the pool's `data`.
 * @param buffersOf the memory of a result that is handed over instead of copied: the thread has done with it.
 */
export function serveThread<Data extends { readonly kind: string }, Task, Result, News = never>(
  kind: Data["kind"],
  open: (data: Data) => (task: Task, options: ThreadTask<News>) => Promise<Result>,
  buffersOf: (result: Result) => Iterable<ArrayBuffer> = () => [],
): void {
  const port = parentPort;
  const data = workerData as Data | null | undefined;
  if (isMainThread || port === null || data?.kind !== kind) return;
  const work = open(data);
  let controller = new AbortController();
  const post = (answer: ThreadAnswer, handedOver: ArrayBuffer[] = []) =>
    port.postMessage(answer, handedOver);
  const tell = (news: News) => post({ kind: "news", news });
  port.on("message", (order: ThreadOrder) => {
    if (order.kind === "abort") return controller.abort(new Error("The task is no longer wanted"));
    controller = new AbortController();
    work(order.task as Task, { signal: controller.signal, tell }).then(
      (result) => post({ kind: "result", result }, [...new Set(buffersOf(result))]),
      (error: unknown) =>
        post({
          kind: "error",
          code: error instanceof ChatloomError ? error.code : undefined,
          message: error instanceof Error ? error.message : String(error),
        }),
    );
  });
}
