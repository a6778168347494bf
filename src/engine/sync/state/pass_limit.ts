import { abortWith } from "../../../async/abort.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { type Micros, MILLISECOND_US, SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";

/** How long a pass may take without any result. */
const GRACE_US = 300 * SECOND_US;
/** How much longer it may take for each list or file that came … */
const PER_ANSWER_US = SECOND_US / 2;
/** … and for each byte of a file: the rate of a bad mobile link. */
const PER_BYTE_US = SECOND_US / (16 * 1024);

/**
 * Ends a pass over a peer that is too slow for what comes from it, in whatever way it delays:
 * a pass is bounded by five minutes and an allowance for what came.
 */
export class PassLimit {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #peer: string;
  #endUs: Micros;

  /** Starts the time of a pass over `peer`. */
  constructor(peer: string, clock: Clock) {
    this.#peer = peer;
    this.#clock = clock;
    this.#endUs = clock.elapsedUs() + GRACE_US;
  }

  /** Notes that a file of `bytes` or a list came from the peer. */
  earn(bytes: number): void {
    this.#endUs += PER_ANSWER_US + bytes * PER_BYTE_US;
  }

  /**
   * Runs `work` with a signal that aborts with `signal`, or when the time is up.
   *
   * @throws {ChatloomError} `CONNECTION_LOST` when the time is up; else what `work` throws.
   */
  async run<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const unlink = abortWith(this.#controller, signal);
    const over = new AbortController();
    const watching = this.#watch(over.signal);
    try {
      return await work(this.#controller.signal);
    } finally {
      over.abort();
      unlink();
      await watching;
    }
  }

  async #watch(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const leftUs = this.#endUs - this.#clock.elapsedUs();
      if (leftUs <= 0) {
        const what = `Cannot sync with "${this.#peer}" for now: it takes too long`;
        this.#controller.abort(new ChatloomError("CONNECTION_LOST", what));
        return;
      }
      // The work is done: the timer may end.
      await this.#clock.sleep(leftUs / MILLISECOND_US, over).catch(() => {});
    }
  }
}
