import { Mutex } from "../../async/mutex.ts";
import { lost } from "./peer_errors.ts";

/** How much of a list may be held without a turn. */
const SHORT_MAX_LENGTH = 256 * 1024;
/** The holder of the turn must be done by then if others wait. */
const LONG_MAX_MS = 30_000;

const mutex = new Mutex();

/**
 * One response in this process at a time may be a long list: what peers send together is bounded, however
 * many they are.
 */
export class ListTurn {
  readonly #peer: string;
  #sinceMs: number | undefined;

  /** For a response of `peer`. It has no turn yet. */
  constructor(peer: string) {
    this.#peer = peer;
  }

  /**
   * Waits for a turn if a response that has `length` letters now needs one.
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

  /** Releases the turn. May be called again. */
  release(): void {
    if (this.#sinceMs === undefined) return;
    this.#sinceMs = undefined;
    mutex.release();
  }
}
