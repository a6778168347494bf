import { MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { WakeSignal } from "./wake_signal.ts";

/** A sleep that took this much longer than it should means that the process was suspended or busy. */
const OVERSLEPT_MS = 1_000;

/** Time to read what came during a sleep. */
const NAP_MS = 1_000;

/** How many more sleeps there are at most when each takes too long. */
const NAPS_MAX = 10;

/** After a sleep this much too long, the server has most likely given the client up. */
const SUSPENDED_MS = 24_000;

/** How often a pause begins anew, at most. */
const RESTARTS_MAX = 2;

/** What a pause waits with. */
export interface PauseOptions {
  readonly clock: Clock;
  readonly wakeSignal: WakeSignal;
}

/** Waits for the signal or `delayMs`, and longer if the process overslept: what came then is unread yet. */
export async function pause(delayMs: number, { clock, wakeSignal }: PauseOptions): Promise<void> {
  let waitMs = delayMs;
  for (let naps = 0; naps < NAPS_MAX; naps++) {
    if (await sleepMs(waitMs, { clock, wakeSignal }) - waitMs < OVERSLEPT_MS) return;
    waitMs = NAP_MS;
  }
}

/**
 * As {@link pause}, for an answer to what was just sent: a process that was busy may have sent it late, so
 * the wait for the answer begins anew. After a suspension the server has most likely given the client up, so only
 * what came is read.
 */
export async function pauseForAnswer(
  delayMs: number,
  { clock, wakeSignal, hasCome }: PauseOptions & { readonly hasCome: () => boolean },
): Promise<void> {
  let waitMs = delayMs;
  for (let naps = 0; naps < NAPS_MAX; naps++) {
    const lateMs = await sleepMs(waitMs, { clock, wakeSignal }) - waitMs;
    if (lateMs < OVERSLEPT_MS || hasCome()) return;
    waitMs = lateMs < SUSPENDED_MS && naps < RESTARTS_MAX ? delayMs : NAP_MS;
  }
}

/** Sleeps until the signal rings or for `delayMs`; returns how long that took. */
async function sleepMs(delayMs: number, { clock, wakeSignal }: PauseOptions): Promise<number> {
  const beganUs = clock.elapsedUs();
  await wakeSignal.wait(clock, delayMs);
  return (clock.elapsedUs() - beganUs) / MILLISECOND_US;
}
