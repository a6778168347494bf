import { Mutex } from "../../async/mutex.ts";
import { lost } from "./peer_errors.ts";

/** What is held of a list without a turn. */
const SHORT_MAX_LENGTH = 256 * 1024;
/** One who keeps others waiting must be done by then. */
const LONG_MAX_MS = 30_000;

const mutex = new Mutex();

/**
 * One answer in this process at a time may be a long list: what peers send together is bounded, however
 * many they are.
 */
export class ListTurn {
  readonly #peer: string;
  #sinceMs: number | undefined;

  /** For an answer of `peer`. It has no turn yet. */
  constructor(peer: string) {
    this.#peer = peer;
  }

  /**
   * Waits for a turn if an answer that has `length` letters now needs one.
   *
   * @throws {ChatloomError} `CONNECTION_LOST` when it takes too long while others wait; the signal's
   * reason if that aborts.
   */
  async reach(length: number, signal: AbortSignal | undefined): Promise<void> {
    if (length <= SHORT_MAX_LENGTH) return;
    if (this.#sinceMs === undefined) {
      await mutex.acquire(signal);
      this.#sinceMs = performance.now();
    } else if (mutex.waitingCount > 0 && performance.now() - this.#sinceMs > LONG_MAX_MS) {
      throw lost(this.#peer, "it is slow with a long list, and others wait");
    }
  }

  /** Lets the next one have its turn. May be called again. */
  release(): void {
    if (this.#sinceMs === undefined) return;
    this.#sinceMs = undefined;
    mutex.release();
  }
}
