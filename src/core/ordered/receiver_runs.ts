import { COMMA, QUOTE } from "../bytes.ts";
import { areBytesEqual, type ByteText, copyBytes } from "../scan/byte_text.ts";
import { readReceived, skipPlainString } from "../scan/canonical_scan.ts";
import { compareReceived } from "../grouping/sighting.ts";

// The receivers of an exact line that was scanned, `"id":received,…`, straight from its bytes: plain ids
// in order, each once, with a usual received time. Nothing is made of them but other bytes.

/** A list of receivers: the run between the braces. */
export interface ReceiverRun {
  readonly text: ByteText;
  readonly from: number;
  readonly to: number;
}

/**
 * Writes the join of two lists at `at`, each receiver with its earliest time, in order; returns where it
 * ends. It is never longer than both and a comma.
 */
export function writeJoined(
  left: ReceiverRun,
  right: ReceiverRun,
  target: ByteText,
  at: number,
): number {
  const leftBytes = left.text.bytes;
  const rightBytes = right.text.bytes;
  let i = left.from;
  let j = right.from;
  let end = at;
  while (i < left.to || j < right.to) {
    if (end !== at) target.bytes[end++] = COMMA;
    const iTo = i < left.to ? entryTo(leftBytes, i, left.to) : i;
    const jTo = j < right.to ? entryTo(rightBytes, j, right.to) : j;
    const order = i >= left.to ? 1 : j >= right.to ? -1 : compareIds(leftBytes, i, rightBytes, j);
    const isLeft = order < 0 ||
      order === 0 && compareTimes(leftBytes, i, iTo, rightBytes, j, jTo) <= 0;
    end = isLeft
      ? copyBytes(left.text, i, iTo, target, end)
      : copyBytes(right.text, j, jTo, target, end);
    if (order <= 0) i = iTo + 1;
    if (order >= 0) j = jTo + 1;
  }
  return end;
}

/** Whether `left` has every receiver of `right`, at the same time or earlier. */
export function includesRun(left: ReceiverRun, right: ReceiverRun): boolean {
  return startsOrEnds(left, right) || includesEach(left, right);
}

/** Whether the last or the first entries of `left` are just those of `right`. */
function startsOrEnds(left: ReceiverRun, right: ReceiverRun): boolean {
  const length = right.to - right.from;
  if (length >= left.to - left.from) return areRunsEqual(left, right);
  // Both lists have two quotes an entry, so a quote that follows a comma here begins one.
  const { bytes } = left.text;
  const last = left.to - length;
  return bytes[last - 1] === COMMA &&
      areBytesEqual(right.text, right.from, left.text, last, length) ||
    bytes[left.from + length] === COMMA &&
      areBytesEqual(right.text, right.from, left.text, left.from, length);
}

function includesEach(left: ReceiverRun, right: ReceiverRun): boolean {
  const leftBytes = left.text.bytes;
  const rightBytes = right.text.bytes;
  let i = left.from;
  for (let j = right.from; j < right.to;) {
    const jTo = entryTo(rightBytes, j, right.to);
    let order = -1;
    let iTo = i;
    for (; i < left.to; i = iTo + 1) {
      iTo = entryTo(leftBytes, i, left.to);
      order = compareIds(leftBytes, i, rightBytes, j);
      if (order >= 0) break;
    }
    if (order !== 0 || compareTimes(leftBytes, i, iTo, rightBytes, j, jTo) > 0) return false;
    j = jTo + 1;
  }
  return true;
}

/** Whether both lists are the same bytes. */
export function areRunsEqual(left: ReceiverRun, right: ReceiverRun): boolean {
  const length = left.to - left.from;
  return length === right.to - right.from &&
    areBytesEqual(left.text, left.from, right.text, right.from, length);
}

/** Where the receiver at `at` ends: at the comma, or with the list. */
function entryTo(bytes: Uint8Array, at: number, listTo: number): number {
  let to = skipPlainString(bytes, at);
  while (to < listTo && bytes[to] !== COMMA) to++;
  return to;
}

/** Plain ids in the order of their bytes, which is that of their code points. */
function compareIds(left: Uint8Array, i: number, right: Uint8Array, j: number): number {
  // A quote ends each: it sorts before all letters but the space and the exclamation mark.
  for (let k = 1;; k++) {
    const one = left[i + k]!;
    const other = right[j + k]!;
    if (one === other) {
      if (one === QUOTE) return 0;
      continue;
    }
    return one === QUOTE ? -1 : other === QUOTE ? 1 : one - other;
  }
}

function compareTimes(
  left: Uint8Array,
  i: number,
  iTo: number,
  right: Uint8Array,
  j: number,
  jTo: number,
): number {
  return compareReceived(
    readReceived(left, skipPlainString(left, i) + 1, iTo),
    readReceived(right, skipPlainString(right, j) + 1, jTo),
  );
}
