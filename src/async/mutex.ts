import { Semaphore } from "./semaphore.ts";

/** Lets one task run at a time; the others queue. The next one runs however the last one ended. */
export class Mutex extends Semaphore {
  /** A mutex that is free. */
  constructor() {
    super(1);
  }
}

/** A {@link Mutex} for each key. A key that is free takes no memory. */
export class KeyedMutex {
  readonly #mutexes = new Map<string, { readonly mutex: Mutex; users: number }>();

  /**
   * Runs `task` once no other task with `key` runs. Rejects with what it throws, or with
   * `signal.reason` if `signal` aborts before it begins.
   */
  async run<T>(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let entry = this.#mutexes.get(key);
    if (entry === undefined) this.#mutexes.set(key, entry = { mutex: new Mutex(), users: 0 });
    entry.users++;
    try {
      return await entry.mutex.run(task, signal);
    } finally {
      entry.users--;
      if (entry.users === 0) this.#mutexes.delete(key);
    }
  }
}
