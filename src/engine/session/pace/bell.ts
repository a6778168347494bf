import type { Clock } from "../../../ports/clock.ts";

/**
 * What a loop waits at: it goes on when the bell rings or when its time has come. A ring while nobody
 * waits is kept for the next who does. One waits at a time.
 */
export class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  /** Wakes who waits, or who will. */
  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or after `delayMs` on `clock`. Leaves no timer behind. */
  async wait(clock: Clock, delayMs: number = Infinity): Promise<void> {
    if (!this.#hasRung && delayMs > 0) {
      const rung = new Promise<void>((resolve) => this.#wake = resolve);
      await (delayMs === Infinity ? rung : sleepUntil(rung, { clock, delayMs }));
      this.#wake = undefined;
    }
    this.#hasRung = false;
  }
}

async function sleepUntil(
  rung: Promise<void>,
  { clock, delayMs }: { readonly clock: Clock; readonly delayMs: number },
): Promise<void> {
  const timer = new AbortController();
  const slept = clock.sleep(delayMs, timer.signal).catch((reason: unknown) => {
    if (!timer.signal.aborted) throw reason;
  });
  await Promise.race([rung, slept]);
  timer.abort();
  await slept;
}
