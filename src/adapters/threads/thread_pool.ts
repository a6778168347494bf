import { Worker } from "node:worker_threads";
import { Semaphore } from "../../async/semaphore.ts";
import { ChatloomError, type ErrorCode } from "../../core/errors/errors.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";

/** What threads are made of. */
export interface ThreadPoolOptions {
  /** The module that each thread runs: it calls `serveThread`. */
  readonly url: string;
  /** Given to each thread as its `workerData`. */
  readonly data: unknown;
  /** How many threads, from 1 on. They start with the first task. */
  readonly size: number;
}

// What is dead is collected sooner: that takes no more time here, and saves some 40 MB a thread.
const LIMITS = { maxYoungGenerationSizeMb: 4 };

/** What a thread answers to a task. */
export type ThreadAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: ErrorCode | undefined; readonly message: string };

interface Thread {
  readonly worker: Worker;
  /** Settles the task that it is at. */
  current: { resolve(answer: ThreadAnswer): void; reject(error: Error): void } | undefined;
}

/** Threads of this process, in Deno and in Node. */
export function threadPool<Task, Result>(options: ThreadPoolOptions): WorkerPool<Task, Result> {
  return new ThreadPool<Task, Result>(options);
}

class ThreadPool<Task, Result> implements WorkerPool<Task, Result> {
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

  run(task: Task, { signal }: AbortOptions = {}): Promise<Result> {
    return this.#turns.run(async () => {
      const thread = this.#free.pop() ?? this.#start();
      const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
        thread.current = { resolve, reject };
        thread.worker.postMessage(task);
      });
      // A thread that failed as a whole has rejected, and is not used again.
      thread.current = undefined;
      this.#free.push(thread);
      if (answer.ok) return answer.result as Result;
      throw answer.code === undefined
        ? new Error(answer.message)
        : new ChatloomError(answer.code, answer.message);
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
    const { url, data } = this.#options;
    const worker = new Worker(new URL(url), { workerData: data, resourceLimits: LIMITS });
    const thread: Thread = { worker, current: undefined };
    this.#threads.add(thread);
    const fail = (error: Error) => {
      this.#threads.delete(thread);
      thread.current?.reject(error);
    };
    worker.on("message", (answer: ThreadAnswer) => thread.current?.resolve(answer));
    worker.on("error", fail);
    worker.on("messageerror", fail);
    worker.on("exit", () => fail(new Error("A thread ended before its task did")));
    return thread;
  }
}
