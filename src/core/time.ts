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

/** The start of the minute that holds `timeUs`. */
export function minuteOf(timeUs: Micros): Micros {
  return timeUs - timeUs % MINUTE_US;
}

/** The start of the hour that holds `timeUs`. */
export function hourOf(timeUs: Micros): Micros {
  return timeUs - timeUs % HOUR_US;
}
