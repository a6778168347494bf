import { MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { WakeSignal } from "./wake_signal.ts";

/** A sleep that took this much longer than it should means that the process was suspended or busy. */
const OVERSLEPT_US = 1_000 * MILLISECOND_US;

/** Waits for the signal or `delayMs`, and longer if the process slept: what came then is unread yet. */
export async function pause(
  delayMs: number,
  { clock, wakeSignal }: { readonly clock: Clock; readonly wakeSignal: WakeSignal },
): Promise<void> {
  let waitMs = delayMs;
  for (let naps = 0; naps < 10; naps++) {
    const dueUs = clock.elapsedUs() + waitMs * MILLISECOND_US;
    await wakeSignal.wait(clock, waitMs);
    if (clock.elapsedUs() - dueUs < OVERSLEPT_US) return;
    waitMs = 1_000;
  }
}
