import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { Reporter } from "../../../ports/reporter.ts";

/** What a worker's log says, with the `channel`, once it has the lock on a channel. */
export const TURN_BEGUN = "A turn in a channel begins";

/** What it says before it gives the lock back. */
export const TURN_ENDED = "A turn in a channel ends";

/**
 * The same lock, which tells of each turn: a log of all workers shows that no two of them were in a channel at
 * once.
 */
export function toldTurns(lock: ArchiveLock, reporter: Reporter): ArchiveLock {
  return {
    hold: async (channel, work, options) =>
      await lock.hold(channel, async () => {
        reporter.report("debug", TURN_BEGUN, { channel });
        try {
          return await work();
        } finally {
          reporter.report("debug", TURN_ENDED, { channel });
        }
      }, options),
  };
}
