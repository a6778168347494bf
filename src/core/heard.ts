import { areSpansEqual, type ByteSpan, decodeSpan, toByteSpan } from "./byte_text.ts";
import { compareCodePoints } from "./canonical_json.ts";
import { skipString } from "./canonical_scan.ts";
import { compareReceived } from "./sighting.ts";

/** `"receiver":received` in canonical form, somewhere in a file: one who heard an exact message. */
export interface Heard extends ByteSpan {
  /** Where the id ends, with its quotes. */
  readonly idTo: number;
}

const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Splits what stands between the braces of `receivers` in a canonical exact line. */
export function splitHeard({ text, from, to }: ByteSpan): Heard[] {
  const heard: Heard[] = [];
  let at = from;
  while (at < to) {
    const idTo = skipString(text.bytes, at);
    let end = idTo;
    while (end < to && text.bytes[end] !== COMMA) end++;
    heard.push({ text, from: at, idTo, to: end });
    at = end + 1;
  }
  return heard;
}

/** Joins lists of those who heard a message: each receiver once, with its earliest time, in order. */
export function joinHeard(lists: readonly ByteSpan[]): Heard[] {
  if (lists.length === 1) return splitHeard(lists[0]!);
  const joined: Heard[] = [];
  for (const one of lists.flatMap(splitHeard).sort(compareHeard)) {
    const last = joined[joined.length - 1];
    // Equal receivers are sorted by time, so the first of them is the earliest.
    if (last === undefined || compareIds(last, one) !== 0) joined.push(one);
  }
  return joined;
}

/** The same list as one text of its own. */
export function collapseHeard(lists: readonly ByteSpan[]): ByteSpan {
  const heard = joinHeard(lists);
  return toByteSpan(heard.map(({ text, from, to }) => decodeSpan(text.bytes, from, to)).join(","));
}

/** Whether `left` knows every receiver of `right`, at a time that is as early. */
export function includesHeard(left: readonly Heard[], right: readonly Heard[]): boolean {
  let i = 0;
  return right.every((one) => {
    while (i < left.length && compareIds(left[i]!, one) < 0) i++;
    return i < left.length && compareIds(left[i]!, one) === 0 && compareTimes(left[i]!, one) <= 0;
  });
}

function compareHeard(left: Heard, right: Heard): number {
  return compareIds(left, right) || compareTimes(left, right);
}

function compareTimes(left: Heard, right: Heard): number {
  const leftTime = { text: left.text, from: left.idTo + 1, to: left.to };
  const rightTime = { text: right.text, from: right.idTo + 1, to: right.to };
  if (areSpansEqual(leftTime, rightTime)) return 0;
  return compareReceived(toNumber(leftTime), toNumber(rightTime));
}

function toNumber({ text, from, to }: ByteSpan): number {
  return Number(decodeSpan(text.bytes, from, to));
}

/** Orders ids by code point. Without escapes that is the order of their bytes. */
function compareIds(left: Heard, right: Heard): number {
  const leftBytes = left.text.bytes;
  const rightBytes = right.text.bytes;
  const leftLength = left.idTo - left.from - 2;
  const rightLength = right.idTo - right.from - 2;
  const length = Math.min(leftLength, rightLength);
  for (let i = 1; i <= length; i++) {
    const one = leftBytes[left.from + i]!;
    const other = rightBytes[right.from + i]!;
    if (one === BACKSLASH || other === BACKSLASH) {
      return compareCodePoints(toId(left), toId(right));
    }
    if (one !== other) return one - other;
  }
  return leftLength - rightLength;
}

function toId({ text, from, idTo }: Heard): string {
  return JSON.parse(decodeSpan(text.bytes, from, idTo));
}
