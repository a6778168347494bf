import type { Micros } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";

// What `setTimeout` can count: a longer delay would fire at once.
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** The clock of this machine. */
export function systemClock(): Clock {
  return new SystemClock();
}

class SystemClock implements Clock {
  // Wall clock less monotonic clock.
  #offsetMs = Date.now() - performance.now();

  wallUs(): Micros {
    // Date.now follows every step of the clock but knows no microseconds; performance.now has them
    // but never steps. So the offset between them is learned, within the millisecond told.
    const wallMs = Date.now();
    const fineMs = performance.now() + this.#offsetMs;
    const trueMs = Math.min(Math.max(fineMs, wallMs), wallMs + 0.999);
    this.#offsetMs += trueMs - fineMs;
    return Math.floor(trueMs * 1000);
  }

  elapsedUs(): Micros {
    return Math.floor(performance.now() * 1000);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (!(delayMs >= 0)) return Promise.reject(new RangeError(`Cannot sleep ${delayMs} ms`));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const endMs = performance.now() + delayMs;
      let timer: ReturnType<typeof setTimeout>;
      const wait = (restMs: number) => {
        timer = setTimeout(() => {
          // Timers count whole milliseconds and may be early by a part of one.
          const leftMs = endMs - performance.now();
          if (leftMs > 0) return wait(leftMs);
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, Math.min(Math.ceil(restMs), TIMEOUT_MAX_MS));
      };
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      wait(delayMs);
    });
  }
}
