import type { Random } from "../../../ports/random.ts";

/** The first wait is at most this long, where the caller says nothing else. */
const BACKOFF_FIRST_MS = 1_000;

/** No wait is longer. */
const BACKOFF_MAX_MS = 30_000;

/**
 * Exponential backoff with full jitter: each wait is a random share of at most twice the one before,
 * so that many clients of a failed server do not come back all at once.
 *
 * @see {@link https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ | full jitter}
 */
export class Backoff {
  readonly #random: Random;
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  /** Begins with the shortest wait: at most `firstMs`, by default 1 s. No wait is longer than `maxMs`, by default 30 s. */
  constructor(
    random: Random,
    { firstMs = BACKOFF_FIRST_MS, maxMs = BACKOFF_MAX_MS }: {
      readonly firstMs?: number;
      readonly maxMs?: number;
    } = {},
  ) {
    this.#random = random;
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** How many waits were asked for since the last {@link Backoff.reset}. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait, in milliseconds. */
  nextMs(): number {
    const longestMs = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#attempts);
    this.#attempts++;
    return this.#random.next() * longestMs;
  }

  /** Begins again with the shortest wait. */
  reset(): void {
    this.#attempts = 0;
  }
}
