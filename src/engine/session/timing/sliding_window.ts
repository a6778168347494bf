import { type Micros, MILLISECOND_US } from "../../../core/time.ts";

/** So much, and no more, in any stretch of so long. */
export interface WindowLimit {
  /** How many at most. */
  readonly count: number;
  /** In any stretch of this length. */
  readonly lengthMs: number;
}

/** Says when the next may go, so that no stretch of the limit's length ever holds too many. */
export class SlidingWindow {
  readonly #limit: WindowLimit;
  /** When the last ones went, oldest first: at most `count`. */
  readonly #takenUs: Micros[] = [];

  /** A window in which nothing went yet. */
  constructor(limit: WindowLimit) {
    this.#limit = limit;
  }

  /** How long until the next may go, in milliseconds: 0 if it may now. */
  waitMs(nowUs: Micros): number {
    const firstUs = this.#takenUs.at(-this.#limit.count);
    if (firstUs === undefined) return 0;
    return Math.max(0, firstUs + this.#limit.lengthMs * MILLISECOND_US - nowUs) / MILLISECOND_US;
  }

  /** Notes that one went at `nowUs`. Ask {@link SlidingWindow.waitMs} first. */
  take(nowUs: Micros): void {
    this.#takenUs.push(nowUs);
    if (this.#takenUs.length > this.#limit.count) this.#takenUs.shift();
  }
}
