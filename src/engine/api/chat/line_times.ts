import { LINE_FEED } from "../../../core/bytes.ts";
import { lineTime } from "../../../core/scan/line_time.ts";
import type { Micros } from "../../../core/time.ts";
import type { WorkBreaks } from "../../read/work_breaks.ts";

/** Where the lines of a minute are, and when their events happened. */
export interface LineTimes {
  /** Where each line starts, and after the last one where that ends. */
  readonly offsets: Uint32Array;
  /** When each began at the earliest, ascending. */
  readonly startUs: Float64Array;
  /** When each happened at the latest. */
  readonly endUs: Float64Array;
}

const timesBy = new WeakMap<Uint8Array, Promise<LineTimes>>();

/**
 * The offsets and times of the lines of a minute. They are computed once for the same bytes and kept as
 * long as the bytes are: otherwise each narrow query would read the whole minute. Takes `breaks` from
 * computing.
 */
export function lineTimes(bytes: Uint8Array, breaks: WorkBreaks): Promise<LineTimes> {
  const known = timesBy.get(bytes);
  if (known !== undefined) return known;
  const index = findTimes(bytes, breaks);
  timesBy.set(bytes, index);
  return index;
}

async function findTimes(bytes: Uint8Array, breaks: WorkBreaks): Promise<LineTimes> {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  const offsets = new Uint32Array(count + 1);
  const startUs = new Float64Array(count);
  const endUs = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (breaks.isDue) await breaks.take();
    const from = offsets[i]!;
    const to = bytes.indexOf(LINE_FEED, from) + 1;
    offsets[i + 1] = to;
    const range = lineTime(bytes.subarray(from, to));
    startUs[i] = range.startUs;
    endUs[i] = range.endUs;
  }
  return { offsets, startUs, endUs };
}

/** The first line that begins at `timeUs` or later. */
export function lineFrom({ startUs }: LineTimes, timeUs: Micros): number {
  let low = 0;
  let high = startUs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startUs[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
