import { HOUR_US, type Micros } from "../../core/time.ts";
import type { HourSnapshot } from "./hour_snapshot.ts";
import type { ReadMinute } from "./read_minutes.ts";

/** What {@link passSettled} reads of an hour. */
export interface PassSettledOptions {
  /** When the hour starts. */
  readonly hourUs: Micros;
  /** Minutes from this one on. */
  readonly fromUs: Micros;
  /** Minutes that start before this. */
  readonly untilUs: Micros;
  /** Gives up, between two minutes. */
  readonly signal: AbortSignal | undefined;
}

// What is read ahead, should the next files be as large as the last one.
const AHEAD_MAX = 8;
const AHEAD_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Yields the minutes of an hour that is known to be settled: the bytes of their files, of which only the
 * hash is checked. Returns from which minute on the hour has to be read in another way, as a file there is
 * gone or cannot be used; the end of the hour if none has to.
 */
export async function* passSettled(
  snapshot: HourSnapshot,
  { hourUs, fromUs, untilUs, signal }: PassSettledOptions,
): AsyncGenerator<ReadMinute, Micros, undefined> {
  const endUs = hourUs + HOUR_US;
  const minutes = snapshot.minutes()
    .filter((at) => at >= Math.max(hourUs, fromUs) && at < Math.min(endUs, untilUs));
  const ahead: Promise<Uint8Array | undefined>[] = [];
  let aheadMax = 1;
  for (const [i, minuteUs] of minutes.entries()) {
    for (const next of minutes.slice(i + ahead.length, i + aheadMax)) {
      // Whatever fails is told by who reads it in the other way.
      ahead.push(snapshot.bytesOf(next).catch(() => undefined));
    }
    const bytes = await ahead.shift();
    signal?.throwIfAborted();
    if (bytes === undefined) return minuteUs;
    yield { minuteUs, bytes, key: snapshot.onlyKeyOf(minuteUs) };
    aheadMax = Math.max(1, Math.min(AHEAD_MAX, Math.floor(AHEAD_MAX_BYTES / bytes.length)));
  }
  return endUs;
}
