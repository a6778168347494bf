import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { SECOND_US } from "../../core/time.ts";
import type { ChatPool } from "../session/chat_pool.ts";

// More receivers than this are reported as this many or more.
const RECEIVERS_MAX = 4;
const INTERVAL_MS = 5_000;

/**
 * Counts, until `signal` aborts, for how long each channel was listened to by no receiver of this
 * machine, by one, by two and so on: as `covered_seconds`, in whole seconds.
 */
export async function countCovered(
  pool: Pick<ChatPool, "state">,
  { clock, reporter, signal }: {
    readonly clock: Clock;
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let countedUs = clock.elapsedUs();
  while (!signal.aborted) {
    await clock.sleep(INTERVAL_MS, signal).catch(() => {}); // Aborted: counts once more.
    const seconds = Math.floor((clock.elapsedUs() - countedUs) / SECOND_US);
    if (seconds === 0) continue;
    countedUs += seconds * SECOND_US;
    for (const { name, joinedBy } of pool.state().channels) {
      const receivers = joinedBy.length < RECEIVERS_MAX
        ? String(joinedBy.length)
        : `${RECEIVERS_MAX} or more`;
      reporter.count("covered_seconds", { channel: name, receivers }, seconds);
    }
  }
}
