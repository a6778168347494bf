import { type Micros, MILLISECOND_US, SECOND_US, TIME_END_US } from "../../../core/time.ts";

const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)? ?(?:Z|[+ ]00:?00)?$/i;
const SECONDS = /^(\d{9,10})(?:\.(\d+))?$/;
/** The number 0 alone is the start of time. */
const ZERO = /^0(\.0+)?$/;
const DAY = /^(\d{4})(\d\d)(\d\d)$/;

/** A time as a caller wrote it, or what is wrong with it. */
export type ParsedInstant =
  | { readonly ok: true; readonly us: Micros }
  | { readonly ok: false; readonly reason: string };

/** The forms that {@link parseInstant} reads, for help and descriptions. */
export const INSTANT_FORMS = "ISO 8601 in UTC, a day as 20260801, or seconds since 1970";

/**
 * Reads a time that a caller wrote: ISO 8601 in UTC, to the microsecond; eight digits, which are a
 * day; or seconds since 1970, which are 0 or have nine or ten digits (1973 to 2286). What a time
 * leaves out is 0.
 *
 * Other bare numbers are refused: they may be a year or a date cut short, or milliseconds, and a
 * wrong guess would silently mean another time. So is another zone than UTC: the reference would
 * take its hours for UTC's.
 */
export function parseInstant(text: string): ParsedInstant {
  if (ZERO.test(text)) return { ok: true, us: 0 };
  const seconds = SECONDS.exec(text);
  if (seconds !== null) {
    return inTime(Number(seconds[1]) * SECOND_US + fractionUs(seconds[2]));
  }
  const day = DAY.exec(text);
  if (day !== null) return parseIso(`${day[1]}-${day[2]}-${day[3]}`);
  if (/^[-+]?\d+(\.\d*)?$/.test(text)) return { ok: false, reason: reasonFor(text) };
  return parseIso(text);
}

function parseIso(text: string): ParsedInstant {
  const match = ISO.exec(text);
  if (match === null) return { ok: false, reason: UNREADABLE };
  const [, day, hour = "00", minute = "00", second = "00", fraction] = match;
  const written = `${day}T${hour}:${minute}:${second}.000Z`;
  const ms = Date.parse(written);
  // 02-30 would roll over to March, and 24:00 to the next day.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== written) {
    return { ok: false, reason: "it is no day or time of the calendar" };
  }
  return inTime(ms * MILLISECOND_US + fractionUs(fraction));
}

const UNREADABLE =
  "it must look like 2026-08-01T12:34:56, in UTC, or be a day as 20260801, or seconds since 1970";

/** What a bare number that is neither a day nor seconds is likely to be. */
function reasonFor(text: string): string {
  const { length } = text.replace(/\..*$/, "").replace(/^[-+]/, "");
  const unit = { 13: "milliseconds", 16: "microseconds", 19: "nanoseconds" }[length];
  if (unit !== undefined) return `it looks like ${unit}, and numbers are seconds since 1970`;
  return "a number must be a day as 20260801, or seconds since 1970 (9 or 10 digits)";
}

function fractionUs(digits = ""): Micros {
  return Number(digits.slice(0, 6).padEnd(6, "0"));
}

function inTime(us: Micros): ParsedInstant {
  return us >= 0 && us <= TIME_END_US
    ? { ok: true, us }
    : { ok: false, reason: "it is before 1970 or after 9999" };
}
