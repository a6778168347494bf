import process from "node:process";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";

/** A test of several nodes sets the wall clock of one of them wrong by this many seconds. */
const WRONG_BY_VARIABLE = "CHATLOOM_TEST_WALL_OFFSET_S";

/** The clock of this machine. */
export function commandClock(): Clock {
  const clock = systemClock();
  const wrongByUs = Number(process.env[WRONG_BY_VARIABLE] ?? 0) * SECOND_US;
  if (!Number.isSafeInteger(wrongByUs) || wrongByUs === 0) return clock;
  return {
    wallUs: () => clock.wallUs() + wrongByUs,
    elapsedUs: () => clock.elapsedUs(),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
  };
}
