import { Worker } from "node:worker_threads";
import { Semaphore } from "../../async/semaphore.ts";
import { ChatloomError, type ErrorCode } from "../../core/errors/errors.ts";
import type { RunOptions, WorkerPool } from "../../ports/worker_pool.ts";

/** What threads are made of. */
export interface ThreadPoolOptions {
  /** The module that each thread runs: it calls `serveThread`. */
  readonly url: string;
  /** Given to each thread as its `workerData`. */
  readonly data: unknown;
  /** How many threads, from 1 on. They start with the first task. */
  readonly size: number;
  /**
   * How much memory a thread takes for fresh objects before it looks which of them are dead. A small number
   * saves memory, and time too where most of what a thread makes is bytes.
   *
   * @default 4 MB
   */
  readonly youngMb?: number;
}

// V8 would take up to 48 MB a thread.
const YOUNG_MB = 4;

/** What a thread is sent. */
export type ThreadOrder =
  | { readonly kind: "task"; readonly task: unknown }
  /** About the task that it is at, if it is at one. */
  | { readonly kind: "abort" };

/** What a thread says of the task that it is at. */
export type ThreadAnswer =
  | { readonly kind: "news"; readonly news: unknown }
  | ThreadEnd;

type ThreadEnd =
  | { readonly kind: "result"; readonly result: unknown }
  | {
    readonly kind: "error";
    readonly code: ErrorCode | undefined;
    readonly message: string;
  };

interface Thread {
  readonly worker: Worker;
  /** Waits for the task that it is at. */
  current:
    | { tell(news: unknown): void; resolve(end: ThreadEnd): void; reject(error: Error): void }
    | undefined;
}

/** Threads of this process, in Deno and in Node. */
export function threadPool<Task, Result, News = never>(
  options: ThreadPoolOptions,
): WorkerPool<Task, Result, News> {
  return new ThreadPool<Task, Result, News>(options);
}

class ThreadPool<Task, Result, News> implements WorkerPool<Task, Result, News> {
  readonly size: number;
  readonly #options: ThreadPoolOptions;
  readonly #free: Thread[] = [];
  readonly #threads = new Set<Thread>();
  readonly #turns: Semaphore;

  constructor(options: ThreadPoolOptions) {
    this.size = options.size;
    this.#options = options;
    this.#turns = new Semaphore(options.size);
  }

  run(task: Task, { signal, onNews }: RunOptions<News> = {}): Promise<Result> {
    return this.#turns.run(async () => {
      const thread = this.#free.pop() ?? this.#start();
      const post = (order: ThreadOrder) => thread.worker.postMessage(order);
      const abort = () => post({ kind: "abort" });
      signal?.addEventListener("abort", abort, { once: true });
      try {
        const end = await new Promise<ThreadEnd>((resolve, reject) => {
          const tell = (news: unknown) => onNews?.(news as News);
          thread.current = { tell, resolve, reject };
          post({ kind: "task", task });
        });
        // A thread that failed as a whole has rejected, and is not used again.
        thread.current = undefined;
        this.#free.push(thread);
        if (end.kind === "result") return end.result as Result;
        signal?.throwIfAborted();
        throw end.code === undefined
          ? new Error(end.message)
          : new ChatloomError(end.code, end.message);
      } finally {
        signal?.removeEventListener("abort", abort);
      }
    }, signal);
  }

  async close(): Promise<void> {
    const threads = [...this.#threads];
    this.#threads.clear();
    this.#free.length = 0;
    await Promise.all(threads.map(async ({ worker, current }) => {
      await worker.terminate();
      current?.reject(new Error("The threads were ended"));
    }));
  }

  #start(): Thread {
    const { url, data, youngMb = YOUNG_MB } = this.#options;
    const resourceLimits = { maxYoungGenerationSizeMb: youngMb };
    const worker = new Worker(new URL(url), { workerData: data, resourceLimits });
    const thread: Thread = { worker, current: undefined };
    this.#threads.add(thread);
    const fail = (error: Error) => {
      this.#threads.delete(thread);
      thread.current?.reject(error);
    };
    worker.on("message", (answer: ThreadAnswer) => {
      if (answer.kind === "news") thread.current?.tell(answer.news);
      else thread.current?.resolve(answer);
    });
    worker.on("error", fail);
    worker.on("messageerror", fail);
    worker.on("exit", () => fail(new Error("A thread ended before its task did")));
    return thread;
  }
}
