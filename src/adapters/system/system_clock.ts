import { uptime } from "node:os";
import type { Micros } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { type MachineClocks, SleepMeter } from "./sleep_meter.ts";

// The most that `setTimeout` can count: a longer delay would fire at once.
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

const MACHINE: MachineClocks = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  uptimeMs: () => uptime() * 1000,
};

/**
 * The clock of this machine. The time for which the machine was suspended is time passed, too.
 *
 * @param machine where time comes from. @default this machine
 */
export function systemClock(machine: MachineClocks = MACHINE): Clock {
  return new SystemClock(machine);
}

class SystemClock implements Clock {
  readonly #machine: MachineClocks;
  readonly #slept: SleepMeter;
  // Wall clock less monotonic clock.
  #offsetMs: number;

  constructor(machine: MachineClocks) {
    this.#machine = machine;
    this.#slept = new SleepMeter(machine);
    this.#offsetMs = machine.wallMs() - machine.monotonicMs();
  }

  wallUs(): Micros {
    // Date.now follows every step of the clock but knows no microseconds; performance.now has them
    // but never steps. So the offset between them is learned, within the millisecond told.
    const wallMs = this.#machine.wallMs();
    const fineMs = this.#machine.monotonicMs() + this.#offsetMs;
    const trueMs = Math.min(Math.max(fineMs, wallMs), wallMs + 0.999);
    this.#offsetMs += trueMs - fineMs;
    return Math.floor(trueMs * 1000);
  }

  elapsedUs(): Micros {
    const monotonicMs = this.#machine.monotonicMs();
    return Math.floor((monotonicMs + this.#slept.untilMs(monotonicMs)) * 1000);
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
