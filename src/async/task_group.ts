/** Tasks that run side by side, of which the first failure ends all. */
export class TaskGroup {
  readonly #running = new Set<Promise<void>>();
  readonly #stop: (reason: unknown) => void;
  #failure: { readonly error: unknown } | undefined;

  /** An empty group. `stop` is called with the first failure: it makes the other tasks end. */
  constructor(stop: (reason: unknown) => void) {
    this.#stop = stop;
  }

  /** Adds a running task. Its failure is thrown by {@link TaskGroup.ended}, and counts as handled. */
  add(task: Promise<void>): void {
    const running: Promise<void> = task
      .catch((error: unknown) => {
        if (this.#failure !== undefined) return;
        this.#failure = { error };
        this.#stop(error);
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves once all tasks have ended, also those added meanwhile; rejects with the first failure. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
