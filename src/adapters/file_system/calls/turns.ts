/** A semaphore: lets a bounded number of tasks run at once; the others queue. */
export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** At most `most` tasks run at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `task` when it is its turn. Rejects with `signal.reason` if `signal` aborts before. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running >= this.#most) await this.#turn(signal);
    else this.#running++;
    try {
      return await task();
    } finally {
      // The turn goes straight to the next in line, so no other task can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal?.reason);
      };
      const begin = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.push(begin);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
