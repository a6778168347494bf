import { areBytesEqual, type ByteText, copySpan, decodeSpan } from "./byte_text.ts";

/**
 * The line of a message in canonical form, where it lies in its file. Its content is all but the three
 * runs between the marks; they are in the order of the line.
 */
export interface LineMarks {
  readonly text: ByteText;
  /** Where the line starts. */
  readonly from: number;
  /** Between the braces of `receivers`. */
  readonly receiversFrom: number;
  readonly receiversTo: number;
  /** The number after `"time":`. */
  readonly timeFrom: number;
  readonly timeTo: number;
  /** The number after `"time_range":`. */
  readonly rangeFrom: number;
  readonly rangeTo: number;
  /** Where the line ends, without its line feed. */
  readonly to: number;
}

/** Whether two lines are the same but for who received them and when. */
export function haveEqualContent(left: LineMarks, right: LineMarks): boolean {
  return left.to - left.rangeTo === right.to - right.rangeTo &&
    areRunsEqual(left, right, left.from, left.receiversFrom, right.from, right.receiversFrom) &&
    areRunsEqual(left, right, left.receiversTo, left.timeFrom, right.receiversTo, right.timeFrom) &&
    areRunsEqual(left, right, left.timeTo, left.rangeFrom, right.timeTo, right.rangeFrom) &&
    areRunsEqual(left, right, left.rangeTo, left.to, right.rangeTo, right.to);
}

function areRunsEqual(
  left: LineMarks,
  right: LineMarks,
  leftFrom: number,
  leftTo: number,
  rightFrom: number,
  rightTo: number,
): boolean {
  const length = leftTo - leftFrom;
  return length === rightTo - rightFrom &&
    areBytesEqual(left.text, leftFrom, right.text, rightFrom, length);
}

const SEED = 0x811c9dc5;

/**
 * A hash of what a line says before its receivers, and between them and its time: equal for equal
 * contents. A small integer, which takes no memory of its own. Collisions can be made on purpose.
 */
export function hashContent(
  { text, from, receiversFrom, receiversTo, timeFrom }: LineMarks,
): number {
  const hash = hashRun(text, receiversTo, timeFrom, hashRun(text, from, receiversFrom, SEED));
  return (hash ^ hash >>> 15) & 0x3fffffff;
}

/** The steps of MurmurHash3, four bytes at a time. */
function hashRun({ bytes, view }: ByteText, from: number, to: number, seed: number): number {
  let hash = seed;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = mix(hash, view.getInt32(at, true));
  let rest = to - from;
  for (; at < to; at++) rest = rest << 8 ^ bytes[at]!;
  return mix(hash, rest);
}

function mix(hash: number, word: number): number {
  let value = Math.imul(word, 0xcc9e2d51);
  value = Math.imul(value << 15 | value >>> 17, 0x1b873593) ^ hash;
  return Math.imul(value << 13 | value >>> 19, 5) + 0xe6546b64 | 0;
}

/** The content as text: different for different contents. */
export function contentText(line: LineMarks): string {
  const { bytes } = line.text;
  return [
    decodeSpan(bytes, line.from, line.receiversFrom),
    decodeSpan(bytes, line.receiversTo, line.timeFrom),
    decodeSpan(bytes, line.timeTo, line.rangeFrom),
    decodeSpan(bytes, line.rangeTo, line.to),
  ].join("\n");
}

/** How many bytes {@link copyContent} writes. */
export function contentBytes(line: LineMarks): number {
  return line.receiversFrom - line.from + line.timeFrom - line.receiversTo +
    line.rangeFrom - line.timeTo + line.to - line.rangeTo + 2;
}

/** Writes a line that has the same content and was heard by no receiver. */
export function copyContent(line: LineMarks, target: ByteText, at: number): LineMarks {
  const { text } = line;
  const receiversFrom = copySpan({ text, from: line.from, to: line.receiversFrom }, target, at);
  const timeFrom = copySpan(
    { text, from: line.receiversTo, to: line.timeFrom },
    target,
    receiversFrom,
  );
  target.bytes[timeFrom] = ZERO;
  const timeTo = timeFrom + 1;
  const rangeFrom = copySpan({ text, from: line.timeTo, to: line.rangeFrom }, target, timeTo);
  target.bytes[rangeFrom] = ZERO;
  const rangeTo = rangeFrom + 1;
  const to = copySpan({ text, from: line.rangeTo, to: line.to }, target, rangeTo);
  return {
    text: target,
    from: at,
    receiversFrom,
    receiversTo: receiversFrom,
    timeFrom,
    timeTo,
    rangeFrom,
    rangeTo,
    to,
  };
}

const ZERO = 0x30;
