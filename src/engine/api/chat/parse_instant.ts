import { type Micros, MILLISECOND_US, SECOND_US, TIME_END_US } from "../../../core/time.ts";

const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)? ?(?:Z|[+ ]00:?00)?$/i;
const SECONDS = /^(\d{1,10})(?:\.(\d+))?$/;

/**
 * Reads a time of a query: ISO 8601 in UTC, to the microsecond, or seconds since 1970. What a time
 * leaves out is 0. Returns `undefined` for anything else, also for another zone than UTC: the
 * reference would take its hours for UTC's.
 */
export function parseInstant(text: string): Micros | undefined {
  const seconds = SECONDS.exec(text);
  if (seconds !== null) {
    return inTime(Number(seconds[1]) * SECOND_US + fractionUs(seconds[2]));
  }
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, day, hour = "00", minute = "00", second = "00", fraction] = match;
  const written = `${day}T${hour}:${minute}:${second}.000Z`;
  const ms = Date.parse(written);
  // 02-30 would roll over to March, and 24:00 to the next day.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== written) return undefined;
  return inTime(ms * MILLISECOND_US + fractionUs(fraction));
}

function fractionUs(digits = ""): Micros {
  return Number(digits.slice(0, 6).padEnd(6, "0"));
}

function inTime(us: Micros): Micros | undefined {
  return us >= 0 && us <= TIME_END_US ? us : undefined;
}
