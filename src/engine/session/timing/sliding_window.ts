import { type Micros, MILLISECOND_US } from "../../../core/time.ts";

/** A rate limit over a sliding window. */
export interface WindowLimit {
  /** How many events at most. */
  readonly count: number;
  /** In any window of this length. */
  readonly lengthMs: number;
}

/** Says when the next event may happen, so that no window of the limit's length holds too many. */
export class SlidingWindow {
  readonly #limit: WindowLimit;
  /** When the last events happened, oldest first: at most `count`. */
  readonly #takenUs: Micros[] = [];

  /** An empty window. */
  constructor(limit: WindowLimit) {
    this.#limit = limit;
  }

  /** How long until the next event may happen, in milliseconds: 0 if it may now. */
  waitMs(nowUs: Micros): number {
    const firstUs = this.#takenUs.at(-this.#limit.count);
    if (firstUs === undefined) return 0;
    return Math.max(0, firstUs + this.#limit.lengthMs * MILLISECOND_US - nowUs) / MILLISECOND_US;
  }

  /** Notes an event at `nowUs`. Ask {@link SlidingWindow.waitMs} first. */
  take(nowUs: Micros): void {
    this.#takenUs.push(nowUs);
    if (this.#takenUs.length > this.#limit.count) this.#takenUs.shift();
  }
}
