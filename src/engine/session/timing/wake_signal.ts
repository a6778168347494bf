import type { Clock } from "../../../ports/clock.ts";

/**
 * Wakes a loop that waits for an event or a time, whichever comes first. A wake while no loop
 * waits is kept for the next wait. One loop waits at a time.
 */
export class WakeSignal {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Wakes the loop that waits, or the next one that does. */
  wake(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves at the next wake, or after `delayMs` on `clock`. Leaves no timer behind. */
  async wait(clock: Clock, delayMs: number = Infinity): Promise<void> {
    if (!this.#isSet && delayMs > 0) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      await (delayMs === Infinity ? woken : sleepUntil(woken, { clock, delayMs }));
      this.#wake = undefined;
    }
    this.#isSet = false;
  }
}

async function sleepUntil(
  woken: Promise<void>,
  { clock, delayMs }: { readonly clock: Clock; readonly delayMs: number },
): Promise<void> {
  const timer = new AbortController();
  const slept = clock.sleep(delayMs, timer.signal).catch((reason: unknown) => {
    if (!timer.signal.aborted) throw reason;
  });
  await Promise.race([woken, slept]);
  timer.abort();
  await slept;
}
