import type { Clock } from "../../../ports/clock.ts";

/**
 * What a loop waits at: it goes on when the signal rings or when its time has come. A ring while nobody
 * waits is kept for the next who does. One waits at a time.
 */
export class WakeSignal {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Wakes who waits, or who will. */
  wake(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or after `delayMs` on `clock`. Leaves no timer behind. */
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
