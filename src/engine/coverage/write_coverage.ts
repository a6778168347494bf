import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { type ArchiveKey, formatArchiveKey } from "../../core/archive/archive_key.ts";
import {
  type Coverage,
  encodeCoverage,
  type ListenedSpan,
  mergeCoverage,
} from "../../core/coverage/coverage.ts";
import { serverClockUs, type Timestamp } from "../../core/recording/server_time.ts";
import { HOUR_US, hourOf, type Micros, SECOND_US, TIME_END_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { ListeningInterval } from "./listening_tracker.ts";

/** The references that turn elapsed time into server time. */
export interface TimeBase {
  /** The last timestamp that came from the server, if any did. */
  readonly serverClock: Timestamp | undefined;
  /** What the wall clock showed at elapsed time 0, used without a timestamp. */
  readonly wallOffsetUs: Micros;
}

/** How many files are stored at the same time: a recorder of 10,000 channels has as many. */
const FILES_AT_ONCE = 16;

/** What {@link writeCoverage} works with. */
export interface WriteCoverageOptions extends TimeBase {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** The name of the run: receivers are `<run>.<n>`. */
  readonly run: string;
  /** Called for each file that is safely stored. */
  readonly onStored?: ((key: ArchiveKey) => void) | undefined;
}

/**
 * Stores intervals as coverage files, one for each channel and hour. Storing the same ones again, as after
 * a crash, changes nothing that a reader sees.
 *
 * @throws {ChatloomError} when the store fails: then some are stored and some are not.
 */
export async function writeCoverage(
  stays: readonly ListeningInterval[],
  { store, hasher, onStored, ...base }: WriteCoverageOptions,
): Promise<void> {
  const hours = coverageOf(stays, base);
  await forEachConcurrent(hours, FILES_AT_ONCE, async ({ channel, hourUs, coverage }) => {
    const bytes = encodeCoverage(hourUs, coverage);
    const digest = await hasher.digest(bytes);
    const key = formatArchiveKey({ kind: "coverage", channel, hourUs, digest });
    await store.put(key, bytes);
    onStored?.(key);
  });
}

/** The coverage of one channel and hour. */
export interface HourCoverage {
  readonly channel: string;
  readonly hourUs: Micros;
  readonly coverage: Coverage;
}

/** The intervals in whole seconds of server time, by channel and hour; partial seconds are left out. */
export function coverageOf(
  stays: readonly ListeningInterval[],
  { run, ...base }: TimeBase & { readonly run: string },
): HourCoverage[] {
  const hours = new Map<string, { channel: string; hourUs: Micros; coverage: Coverage }>();
  for (const { n, channel, fromUs, toUs } of stays) {
    const endUs = Math.min(toServerUs(toUs, base), TIME_END_US);
    for (let atUs = Math.max(0, toServerUs(fromUs, base)); atUs < endUs;) {
      const hourUs = hourOf(atUs);
      const span: ListenedSpan = [
        Math.ceil((atUs - hourUs) / SECOND_US),
        Math.floor((Math.min(endUs, hourUs + HOUR_US) - hourUs) / SECOND_US),
      ];
      const name = `${channel} ${hourUs}`;
      const before = hours.get(name)?.coverage ?? new Map();
      const coverage = mergeCoverage([before, new Map([[`${run}.${n}`, [span]]])]);
      hours.set(name, { channel, hourUs, coverage });
      atUs = hourUs + HOUR_US;
    }
  }
  return [...hours.values()].filter(({ coverage }) => coverage.size > 0);
}

function toServerUs(elapsedUs: Micros, { serverClock, wallOffsetUs }: TimeBase): Micros {
  return serverClock === undefined
    ? elapsedUs + wallOffsetUs
    : serverClockUs(serverClock, elapsedUs);
}
