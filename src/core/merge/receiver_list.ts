import { BACKSLASH, COMMA } from "../bytes.ts";
import { areSpansEqual, type ByteSpan, decodeSpan, toByteSpan } from "../scan/byte_text.ts";
import { compareCodePoints } from "../json/canonical_json.ts";
import { skipString } from "../scan/canonical_scan.ts";
import { compareReceived } from "../grouping/sighting.ts";

/** `"receiver":received` in canonical form, somewhere in a file: one receiver of an exact message. */
export interface ReceiverSpan extends ByteSpan {
  /** Where the id ends, with its quotes. */
  readonly idTo: number;
}

/** Splits the text between the braces of `receivers` in a canonical exact line. */
export function splitReceivers({ text, from, to }: ByteSpan): ReceiverSpan[] {
  const first = firstReceiver({ text, from, to });
  const receivers = [first]; // Mostly the only one.
  for (let last = first; last.to < to;) {
    last = firstReceiver({ text, from: last.to + 1, to });
    receivers.push(last);
  }
  return receivers;
}

/** The first of a list. */
function firstReceiver({ text, from, to }: ByteSpan): ReceiverSpan {
  const idTo = skipString(text.bytes, from);
  let end = idTo;
  while (end < to && text.bytes[end] !== COMMA) end++;
  return { text, from, idTo, to: end };
}

/** Joins lists of receivers of a message: each once, with its earliest time, in order. */
export function joinReceivers(lists: readonly ByteSpan[]): ReceiverSpan[] {
  return joinRun(lists, 0, lists.length);
}

/** By halves, so that joining many costs little more than joining a few. */
function joinRun(lists: readonly ByteSpan[], from: number, to: number): ReceiverSpan[] {
  if (to - from === 1) return splitReceivers(lists[from]!);
  const middle = (from + to) >> 1;
  return joinTwo(joinRun(lists, from, middle), joinRun(lists, middle, to));
}

function joinTwo(left: readonly ReceiverSpan[], right: readonly ReceiverSpan[]): ReceiverSpan[] {
  const joined: ReceiverSpan[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const order = compareIds(left[i]!, right[j]!);
    if (order < 0) joined.push(left[i++]!);
    else if (order > 0) joined.push(right[j++]!);
    else {
      const isLeftEarliest = compareTimes(left[i]!, right[j]!) <= 0;
      joined.push(isLeftEarliest ? left[i]! : right[j]!);
      i++;
      j++;
    }
  }
  while (i < left.length) joined.push(left[i++]!);
  while (j < right.length) joined.push(right[j++]!);
  return joined;
}

/** A list of receivers as one text of its own. */
export function toReceiverList(receivers: readonly ReceiverSpan[]): ByteSpan {
  return toByteSpan(
    receivers.map(({ text, from, to }) => decodeSpan(text.bytes, from, to)).join(","),
  );
}

/** Whether `left` has every receiver of `right`, at the same time or earlier. */
export function includesReceivers(
  left: readonly ReceiverSpan[],
  right: readonly ReceiverSpan[],
): boolean {
  let i = 0;
  return right.every((one) => {
    while (i < left.length && compareIds(left[i]!, one) < 0) i++;
    return i < left.length && compareIds(left[i]!, one) === 0 && compareTimes(left[i]!, one) <= 0;
  });
}

function compareTimes(left: ReceiverSpan, right: ReceiverSpan): number {
  const leftTime = { text: left.text, from: left.idTo + 1, to: left.to };
  const rightTime = { text: right.text, from: right.idTo + 1, to: right.to };
  if (areSpansEqual(leftTime, rightTime)) return 0;
  return compareReceived(toNumber(leftTime), toNumber(rightTime));
}

function toNumber({ text, from, to }: ByteSpan): number {
  return Number(decodeSpan(text.bytes, from, to));
}

/** Orders ids by code point. Without escapes that is the order of their bytes. */
function compareIds(left: ReceiverSpan, right: ReceiverSpan): number {
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

function toId({ text, from, idTo }: ReceiverSpan): string {
  return JSON.parse(decodeSpan(text.bytes, from, idTo));
}
