/** Server time as chatloom counts it: whole microseconds since 1970-01-01T00:00:00Z. */
export type Micros = number;

/** One millisecond, in microseconds. */
export const MILLISECOND_US = 1_000;

/** One second, in microseconds. */
export const SECOND_US = 1_000_000;

/** One minute, in microseconds: the length of a batch. */
export const MINUTE_US = 60 * SECOND_US;

/** One hour, in microseconds: the span of a folder of batches. */
export const HOUR_US = 60 * MINUTE_US;

/** A day of UTC, which has no leap seconds here. */
export const DAY_US = 24 * HOUR_US;

/**
 * Server times are below this: 2106-02-07. From there on a double cannot hold a decimal second to
 * the microsecond, so a time would not survive being written and read.
 */
export const TIME_END_US = 2 ** 32 * SECOND_US;

/** The longest range a message may have: 60 s, what a JOIN before any timestamp gets. */
export const RANGE_MAX_US = 60 * SECOND_US;

/** Microseconds as the seconds that stand in files. Exact for every time below {@link TIME_END_US}. */
export function toSeconds(us: Micros): number {
  return us / SECOND_US;
}

/** Seconds from a file as microseconds, rounded to the nearest. Undoes {@link toSeconds}. */
export function fromSeconds(seconds: number): Micros {
  return Math.round(seconds * SECOND_US);
}

/** A stretch of server time: an event happened at or after its start and at or before its end. */
export interface MicrosRange {
  /** Its first instant. */
  readonly startUs: Micros;
  /** Its last instant, never before the first. */
  readonly endUs: Micros;
}

/**
 * The length of a range as the seconds that stand in files: the difference of the doubles of both
 * ends, which is what the reference's merge computes. Added to {@link toSeconds} of the start it gives
 * the double of the end, so that merging a line with itself, as the reference does, changes no digit.
 */
export function toRangeSeconds({ startUs, endUs }: MicrosRange): number {
  const startS = toSeconds(startUs);
  const endS = toSeconds(endUs);
  const lengthS = endS - startS;
  // From one minute after 1970 on the difference is exact. Before, the sum may fall short of the end.
  return startS + lengthS < endS ? nextDouble(lengthS) : lengthS;
}

/**
 * A range from a file, read inward: from the first whole microsecond whose double is not below
 * `time` to the last whose double is not above `time + time_range`. So the range claims nothing that the
 * file does not say, and what {@link toSeconds} and {@link toRangeSeconds} wrote comes back as it was.
 * A range that holds no whole microsecond becomes the one after its start.
 *
 * @param range `time` and `time_range`, in seconds; both finite and not negative.
 */
export function readRange(
  { time, time_range }: { readonly time: number; readonly time_range: number },
): MicrosRange {
  const startUs = readStart(time);
  if (time_range === 0) return { startUs, endUs: startUs };
  const endS = time + time_range;
  const nearUs = fromSeconds(endS);
  const endUs = toSeconds(nearUs + 1) <= endS
    ? nearUs + 1
    : toSeconds(nearUs) <= endS
    ? nearUs
    : nearUs - 1;
  return { startUs, endUs: Math.max(startUs, endUs) };
}

/** The start of a range from a file: the first whole microsecond whose double is not below `time`. */
export function readStart(time: number): Micros {
  if (time === 0) return 0; // Also of -0.
  const nearUs = fromSeconds(time); // The product is rounded, so it may be off by one either way.
  if (toSeconds(nearUs - 1) >= time) return nearUs - 1;
  return toSeconds(nearUs) >= time ? nearUs : nearUs + 1;
}

const DOUBLE = new Float64Array(1);
const BITS = new BigUint64Array(DOUBLE.buffer);

/** The next larger double. `value` is finite and not negative. */
function nextDouble(value: number): number {
  DOUBLE[0] = value;
  BITS[0] = BITS[0]! + 1n;
  return DOUBLE[0];
}

/** Whether what happened at an unknown instant of `range` can have happened in [`fromUs`, `untilUs`). */
export function mayFallInto(
  { startUs, endUs }: MicrosRange,
  { fromUs, untilUs }: { readonly fromUs: Micros; readonly untilUs: Micros },
): boolean {
  return endUs >= fromUs && startUs < untilUs;
}

/** The start of the minute that holds `timeUs`. */
export function minuteOf(timeUs: Micros): Micros {
  return timeUs - timeUs % MINUTE_US;
}

/** The start of the hour that holds `timeUs`. */
export function hourOf(timeUs: Micros): Micros {
  return timeUs - timeUs % HOUR_US;
}
