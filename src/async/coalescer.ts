interface Flight<T> {
  readonly running: Promise<T>;
  /** The call that starts when `running` is over, for all callers that came meanwhile. */
  next: Promise<T> | undefined;
}

/**
 * Lets equal calls that come at the same time share one. A caller that comes while one runs waits for
 * the next, so that its result was begun after its call: it is not stale, and a flush covers all that the
 * caller wrote before.
 */
export class Coalescer<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Resolves or rejects as `work` does, or as the `work` of another caller that asked for `key` at the
   * same time. Never runs two with the same key at once.
   */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key);
    if (flight === undefined) return this.#start(key, work);
    const start = () => this.#start(key, work);
    return flight.next ??= flight.running.then(start, start);
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const running = work();
    const flight: Flight<T> = { running, next: undefined };
    this.#flights.set(key, flight);
    const land = () => {
      // A next one replaces this one in the map as it starts.
      if (flight.next === undefined) this.#flights.delete(key);
    };
    running.then(land, land);
    return running;
  }
}
