interface Flight<T> {
  readonly running: Promise<T>;
  /** The one that starts when `running` is over, for all who came meanwhile. */
  next: Promise<T> | undefined;
}

/**
 * Lets equal calls that come at the same time share one. Who comes while one runs waits for the
 * next, so that nobody is told what was read before they asked.
 */
export class SharedCalls<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** What `work` gives, or what it gives to another who asked for `key` at the same time. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key);
    if (flight === undefined) return this.#start(key, work);
    const start = () => this.#start(key, work);
    flight.next ??= flight.running.then(start, start);
    return flight.next;
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
