import { readLongLength } from "./long_length.ts";
import { NOT_FOUND, readLength, readReceived, skipLength, skipReceived } from "./canonical_scan.ts";
import { formatFloat } from "../json/canonical_json.ts";
import { type Micros, RANGE_MAX_US, readRange, toRangeSeconds } from "../time.ts";

/** A range with the places of its two numbers. */
export interface ScannedRange {
  readonly startUs: Micros;
  readonly endUs: Micros;
  /** The number of its start, if it is as canonical lines have it; else `NOT_FOUND`. */
  readonly timeFrom: number;
  readonly timeTo: number;
  /** The number of its length, if it is as canonical lines have it; else `NOT_FOUND`. */
  readonly rangeFrom: number;
  /** Where its length ends, in any case. */
  readonly rangeTo: number;
}

// More digits of a second than this are not whole microseconds.
const TIME_BYTES_MAX = 17;

/**
 * Reads a range whose start is a number at `timeFrom` and its length one at `rangeFrom`, if they are
 * numbers as they usually are and no range is too long.
 */
export function scanRange(
  bytes: Uint8Array,
  timeFrom: number,
  rangeFrom: number,
): ScannedRange | undefined {
  const timeTo = skipReceived(bytes, timeFrom);
  const to = skipLength(bytes, rangeFrom);
  if (timeTo === NOT_FOUND || to === NOT_FOUND) return undefined;
  const time = readReceived(bytes, timeFrom, timeTo);
  let time_range = readLength(bytes, rangeFrom, to);
  let isShortest = true;
  if (Number.isNaN(time_range)) {
    time_range = readLongLength(bytes, rangeFrom, to);
    if (Number.isNaN(time_range)) {
      const text = textOf(bytes, rangeFrom, to);
      time_range = Number(text);
      isShortest = text === formatFloat(time_range);
    }
  }
  const { startUs, endUs } = readRange({ time, time_range });
  if (endUs - startUs > RANGE_MAX_US) return undefined;
  const isWhole = timeTo - timeFrom <= TIME_BYTES_MAX;
  // A line writes the length of no time as `0.0`, which is no usual length.
  const isAsWritten = isShortest && endUs > startUs &&
    toRangeSeconds({ startUs, endUs }) === time_range;
  return {
    startUs,
    endUs,
    timeFrom: isWhole ? timeFrom : NOT_FOUND,
    timeTo,
    rangeFrom: isAsWritten ? rangeFrom : NOT_FOUND,
    rangeTo: to,
  };
}

/** As text; of a few letters, faster than a decoder. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
