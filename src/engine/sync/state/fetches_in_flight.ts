import { abortWith } from "../../../async/abort.ts";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { type Micros, MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";

/** The outcome of a fetch: stored; the peer has none; failed, and may be tried again. */
export type FetchOutcome = "stored" | "unavailable" | "failed";

/** A fetch may take this long before others stop waiting for it. */
const CLAIM_MS = 3_000;

interface Claim {
  readonly sinceUs: Micros;
  /** Never rejects. */
  readonly done: Promise<FetchOutcome>;
}

/**
 * Keeps the pulls from different peers from fetching the same file at the same time, and a slow
 * peer from holding up the others.
 */
export class FetchesInFlight {
  readonly #clock: Clock;
  readonly #fetches = new Map<ArchiveKey, Claim>();

  /** Measures waits on `clock`. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs `work`, which stores `key`, unless another fetch stores it soon. Resolves with
   * the outcome, as `work` does.
   */
  async run(
    key: ArchiveKey,
    work: () => Promise<FetchOutcome>,
    signal: AbortSignal,
  ): Promise<FetchOutcome> {
    const other = this.#fetches.get(key);
    if (other !== undefined && await this.#await(other, signal) === "stored") return "stored";
    const running = work();
    const claim: Claim = {
      sinceUs: this.#clock.elapsedUs(),
      done: running.catch(() => "failed" as const),
    };
    this.#fetches.set(key, claim);
    try {
      return await running;
    } finally {
      if (this.#fetches.get(key) === claim) this.#fetches.delete(key);
    }
  }

  async #await({ sinceUs, done }: Claim, signal: AbortSignal): Promise<FetchOutcome> {
    const ageMs = (this.#clock.elapsedUs() - sinceUs) / MILLISECOND_US;
    if (ageMs >= CLAIM_MS) return "failed";
    const patience = new AbortController();
    const unlink = abortWith(patience, signal);
    try {
      const over = () => "failed" as const;
      const sleep = this.#clock.sleep(CLAIM_MS - ageMs, patience.signal).then(over, over);
      return await Promise.race([done, sleep]);
    } finally {
      unlink();
      patience.abort();
    }
  }
}
