import { type Micros, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";

/** Nothing was found in the time that a search may take. */
export class ScanTimeoutError extends Error {
  /** How long it searched. */
  constructor(readUs: Micros) {
    super(`Found nothing in ${Math.round(readUs / SECOND_US)} s of reading`);
    this.name = "ScanTimeoutError";
  }
}

/**
 * Bounds how long an answer may read without finding anything: a question that matches nothing must not hold the
 * disk and a core for as long as its archive is long. The time in which its reader takes lines does not count.
 */
export class ScanBudget {
  readonly #clock: Clock;
  readonly #maxUs: Micros;
  #sinceUs: Micros;

  /** Begins with all of `maxUs`. */
  constructor(clock: Clock, maxUs: Micros) {
    this.#clock = clock;
    this.#maxUs = maxUs;
    this.#sinceUs = clock.elapsedUs();
  }

  /** Something was found, and handed to the caller. */
  pause(): void {
    this.#sinceUs = Infinity;
  }

  /** Reading goes on. */
  resume(): void {
    this.#sinceUs = this.#clock.elapsedUs();
  }

  /** @throws {ScanTimeoutError} when reading may not go on. */
  check(): void {
    if (this.#usedUs > this.#maxUs) throw new ScanTimeoutError(this.#usedUs);
  }

  get #usedUs(): Micros {
    return Math.max(0, this.#clock.elapsedUs() - this.#sinceUs);
  }
}
