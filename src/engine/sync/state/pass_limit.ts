import { abortWith } from "../../../async/abort.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { type Micros, MILLISECOND_US, SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";

/** What a pass may take for nothing. */
const GRACE_US = 300 * SECOND_US;
/** What it may take beside for each list or file that came … */
const PER_ANSWER_US = SECOND_US / 2;
/** … and for each byte of a file: the pace of a bad mobile link. */
const PER_BYTE_US = SECOND_US / (16 * 1024);

/**
 * Ends a pass over a peer that takes more time than what comes from it is worth, however it plays for
 * time: a pass is bounded by five minutes and what was had from it.
 */
export class PassLimit {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #peer: string;
  #endUs: Micros;

  /** Begins to count the time of a pass over `peer`. */
  constructor(peer: string, clock: Clock) {
    this.#peer = peer;
    this.#clock = clock;
    this.#endUs = clock.elapsedUs() + GRACE_US;
  }

  /** Notes that the peer answered something, a file of `bytes` or a list. */
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
        const what = `Cannot go on with "${this.#peer}" for now: it takes too long`;
        this.#controller.abort(new ChatloomError("CONNECTION_LOST", what));
        return;
      }
      // The work is done: there is nothing to watch any more.
      await this.#clock.sleep(leftUs / MILLISECOND_US, over).catch(() => {});
    }
  }
}
