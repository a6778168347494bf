import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { Lru } from "../../../core/lru.ts";
import { type Micros, SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";

const RETRY_MIN_US = 30 * SECOND_US;
const RETRY_MAX_US = 600 * SECOND_US;
/** More are not remembered: those that were not asked for longest are tried again earlier. */
const FAILED_MAX = 10_000;

interface Failed {
  readonly failures: number;
  readonly retryUs: Micros;
}

/**
 * Files that a peer lists and failed to send. Each is requested again after longer and longer waits, up
 * to ten minutes, so that it does not hold up the files after it.
 */
export class FailedFiles {
  readonly #clock: Clock;
  readonly #failed = new Lru<ArchiveKey, Failed>({ countMax: FAILED_MAX });

  /** Measures waits on `clock`. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many files failed at their last request. */
  get count(): number {
    return this.#failed.size;
  }

  /** Whether `key`, a file or a folder, failed and must not be requested yet. */
  isWaiting(key: ArchiveKey): boolean {
    const failed = this.#failed.get(key);
    return failed !== undefined && this.#clock.elapsedUs() < failed.retryUs;
  }

  /** Notes that `key` failed. */
  add(key: ArchiveKey): void {
    const failures = (this.#failed.get(key)?.failures ?? 0) + 1;
    const waitUs = Math.min(RETRY_MIN_US * 2 ** (failures - 1), RETRY_MAX_US);
    this.#failed.set(key, { failures, retryUs: this.#clock.elapsedUs() + waitUs });
  }

  /** Notes that `key` came, or is no longer needed. */
  delete(key: ArchiveKey): void {
    this.#failed.delete(key);
  }
}
