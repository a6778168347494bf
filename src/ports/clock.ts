import type { Micros } from "../core/time.ts";

/** The source of time. */
export interface Clock {
  /** What the wall clock shows, in microseconds since 1970. May step, also backwards. */
  wallUs(): Micros;

  /**
   * Time passed since some fixed moment, in whole microseconds. Never goes back or steps. Counts the
   * time for which the machine was suspended, where the platform tells it from a wall clock that was set.
   */
  elapsedUs(): Micros;

  /**
   * Resolves after `delayMs` milliseconds, measured on the monotonic clock.
   *
   * Rejects with `signal.reason` as soon as `signal` aborts; leaves no timer behind.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
