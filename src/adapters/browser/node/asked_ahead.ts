interface Asked {
  readonly response: Promise<Response>;
  readonly controller: AbortController;
  readonly sinceMs: number;
}

// What waited longer may tell of a channel as it was.
const AGE_MAX_MS = 10_000;

/** Responses that are on their way before they are needed, each for one taker. */
export class AskedAhead {
  readonly #asked = new Map<string, Asked>();

  /** Asks for `path` by `ask`. */
  ask(path: string, ask: (signal: AbortSignal) => Promise<Response>): void {
    const controller = new AbortController();
    const response = ask(controller.signal);
    response.catch(() => {}); // The taker learns of it.
    this.#asked.set(path, { response, controller, sinceMs: performance.now() });
  }

  /** The response for `path`, whose transfer `signal` stops from now on; `undefined` if it was not asked for. */
  take(path: string, signal: AbortSignal): Promise<Response> | undefined {
    const asked = this.#asked.get(path);
    if (asked === undefined) return undefined;
    this.#asked.delete(path);
    const { response, controller, sinceMs } = asked;
    if (performance.now() - sinceMs > AGE_MAX_MS) {
      controller.abort();
      return undefined;
    }
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
    return response;
  }

  /** Stops the transfer of what was not taken, but for `kept` paths, which are still to come. */
  drop(...kept: readonly string[]): void {
    for (const [path, { controller }] of this.#asked) {
      if (kept.includes(path)) continue;
      controller.abort();
      this.#asked.delete(path);
    }
  }
}
