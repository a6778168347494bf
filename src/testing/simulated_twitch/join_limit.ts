import { type Micros, SECOND_US } from "../../core/time.ts";

// Documented: 20 attempts to join in 10 s for an account. This counts each connection, which is more lenient.
const JOINS_MAX = 20;
const JOIN_WINDOW_US = 10 * SECOND_US;

/** Documented in 2025: an account that is no verified bot may be in this many channels. */
export const CHANNELS_MAX = 100;

/** Counts a client's attempts to join. */
export class JoinLimit {
  #attemptsUs: Micros[] = [];

  /** Counts an attempt and returns whether it is allowed. Refused ones count too. */
  attempt(nowUs: Micros): boolean {
    this.#attemptsUs = this.#attemptsUs.filter((atUs) => atUs > nowUs - JOIN_WINDOW_US);
    // A client that goes on trying must not grow the list.
    if (this.#attemptsUs.length > 10 * JOINS_MAX) this.#attemptsUs.shift();
    this.#attemptsUs.push(nowUs);
    return this.#attemptsUs.length <= JOINS_MAX;
  }
}
