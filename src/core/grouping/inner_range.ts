import { type Micros, type MicrosRange, SECOND_US } from "../time.ts";

/**
 * How far apart the starts of two ranges of one event may be. A JOIN or PART may come 45 s late, so
 * its range is about 50 s long. Most of that delay is the same for all receivers: 30 s more at one of
 * them is the most that has been seen.
 */
const INNER_MAX_US: Micros = 32 * SECOND_US;

/**
 * The inner part of a range: a longer one is cut by the same amount at both ends to
 * {@link INNER_MAX_US}: the sightings of one event share an instant of it. Long ranges that
 * meet at their ends only are two events. MERGE.md has the measurements.
 */
export function innerRange({ startUs, endUs }: MicrosRange): MicrosRange {
  const surplusUs = endUs - startUs - INNER_MAX_US;
  if (surplusUs <= 0) return { startUs, endUs };
  const marginUs = Math.floor(surplusUs / 2);
  return { startUs: startUs + marginUs, endUs: endUs - marginUs };
}
