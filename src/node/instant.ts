import { type Micros, MILLISECOND_US, TIME_END_US } from "../core/time.ts";

/**
 * A time as programs give it: a `Date`, or ISO 8601 text such as `2026-08-01` or `2026-08-01T12:34:56`,
 * in UTC if it names no zone. No number: it would not say whether it counts seconds, milliseconds or
 * microseconds.
 */
export type Instant = Date | string;

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * The microseconds of `instant`, the value of the option `name`.
 *
 * @throws {TypeError} when it is neither a `Date` nor text.
 * @throws {RangeError} when it is no time, or is before 1970 or after 2106.
 */
export function toMicros(instant: Instant, name: string): Micros {
  if (!(instant instanceof Date) && typeof instant !== "string") {
    const what = typeof instant === "number" ? `the number ${instant as number}` : typeof instant;
    throw new TypeError(
      `Cannot use ${what} as "${name}": give a Date, or text such as "2026-08-01T12:34:56Z"`,
    );
  }
  const us = typeof instant === "string"
    ? readText(instant)
    : Math.round(instant.getTime() * MILLISECOND_US);
  if (us >= 0 && us <= TIME_END_US) return us;
  const shown = typeof instant === "string" ? `"${instant}"` : String(instant);
  throw new RangeError(
    `Cannot use ${shown} as "${name}": it must be a time from 1970 to 2106, ` +
      `such as "2026-08-01T12:34:56Z"`,
  );
}

/** `NaN` if it is no time. */
function readText(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return NaN;
  const [, clock, , fraction = "", zone] = match;
  const whole = text.replace(fraction, "");
  const seconds = Date.parse(clock === undefined || zone !== undefined ? whole : `${whole}Z`);
  const day = Date.parse(text.slice(0, 10));
  // 02-30 would roll over to March.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    return NaN;
  }
  return seconds * MILLISECOND_US + Number(fraction.slice(1).padEnd(6, "0"));
}

/** A {@link Micros} as a `Date`, cut to milliseconds. */
export function toDate(us: Micros): Date {
  return new Date(Math.floor(us / MILLISECOND_US));
}
