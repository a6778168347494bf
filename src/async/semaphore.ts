/** Bounds how many tasks run at once; the others wait in line, first come, first served. */
export class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** A semaphore of `permits`, a whole number from 1 on, all of them free. */
  constructor(permits: number) {
    this.#free = permits;
  }

  /** How many callers wait for a permit. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Takes a permit if one is free, and says whether it did. */
  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /**
   * Resolves once the caller has a permit, which it gives back by {@link Semaphore.release}. Rejects
   * with `signal.reason` if `signal` aborts before: then the caller has none.
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryAcquire()) return;
    await new Promise<void>((resolve, reject) => {
      const grant = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(grant), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(grant);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Gives a permit back: straight to the first in line, so that no later caller overtakes it. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }

  /** Runs `task` with a permit. Rejects with what it throws, or as {@link Semaphore.acquire} does. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    // A free permit is taken without a pause, in which another task could come between.
    if (!this.tryAcquire()) await this.acquire(signal);
    try {
      return await task();
    } finally {
      this.release();
    }
  }
}
