import { InvalidArgumentError } from "commander";
import { fromSeconds, type Micros, MILLISECOND_US, TIME_END_US } from "../../core/time.ts";

/**
 * Reads a time from the command line: `2026-08-01T12:34`, UTC unless it says otherwise, a day alone,
 * or seconds since 1970.
 *
 * @throws {InvalidArgumentError} when it is neither.
 */
export function parseTimeFlag(text: string): Micros {
  const isSeconds = /^\d+(\.\d+)?$/.test(text);
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || /^\d{4}-\d\d-\d\d$/.test(text);
  const timeUs = isSeconds
    ? fromSeconds(Number(text))
    : Date.parse(hasZone ? text : `${text}Z`) * MILLISECOND_US;
  if (!(timeUs >= 0 && timeUs < TIME_END_US)) {
    throw new InvalidArgumentError("It must look like 2026-08-01T12:34 or be seconds since 1970.");
  }
  return timeUs;
}
