import { InvalidArgumentError } from "commander";
import { type Micros, MILLISECOND_US, TIME_END_US } from "../../core/time.ts";
import { parseInstant } from "../../engine/api/route/parse_instant.ts";

/** A time with an offset from UTC, which a command line may have and a query may not. */
const OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*[+-]\d\d:?\d\d$/i;

/**
 * Reads a time from the command line as {@link parseInstant} does; it may also have another zone
 * than UTC: `2026-08-01T12:34+02:00`.
 *
 * @throws {InvalidArgumentError} when it is none, with the reason.
 */
export function parseTimeFlag(text: string): Micros {
  const offsetUs = OFFSET.test(text) ? Date.parse(text) * MILLISECOND_US : undefined;
  if (offsetUs !== undefined && offsetUs >= 0 && offsetUs < TIME_END_US) return offsetUs;
  const parsed = parseInstant(text);
  if (parsed.ok && parsed.us < TIME_END_US) return parsed.us;
  const reason = parsed.ok ? "it is after 9999" : parsed.reason;
  throw new InvalidArgumentError(`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
}
