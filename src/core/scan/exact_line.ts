import { CLOSE_BRACE, COLON, COMMA, QUOTE } from "../bytes.ts";
import { type ByteSpan, type ByteText, skipWord, standsAt } from "./byte_text.ts";
import { NOT_FOUND, skipPlainString, skipReceived } from "./canonical_scan.ts";
import { haveEqualContent, type LineMarks } from "./line_marks.ts";
import {
  isEndOfLine,
  isKeyBefore,
  RANGE,
  scanSenderAndTags,
  skipToReceivers,
  skipUserToEnd,
  TIME,
} from "./message_scan.ts";
import { type Micros, MILLISECOND_US, TIME_END_US } from "../time.ts";

/** One line of an exact message in canonical form, where it lies in its file. */
export interface ExactLine extends LineMarks {
  /** When Twitch sent it. */
  readonly sentUs: Micros;
  /** Where the value of its `id` tag starts, behind its quote; `-1` without one, or if not looked for. */
  readonly idFrom: number;
}

const POINT = 0x2e;
const ZERO = 0x30;

/**
 * Reads the line at `from` if it is what recorders and merges write for an exact message, every byte
 * of it checked. Returns `undefined` for any other line, valid or not: those are read the slow way.
 */
export function scanExactLine(text: ByteText, from: number): ExactLine | undefined {
  const { bytes } = text;
  const receiversFrom = skipToReceivers(text, from);
  const receiversTo = skipReceivers(bytes, receiversFrom);
  if (receiversTo === NOT_FOUND) return undefined;
  const tags = scanSenderAndTags(text, receiversTo);
  if (tags.sentFrom === NOT_FOUND) return undefined;
  const timeFrom = skipWord(text, tags.to, TIME);
  const timeTo = skipSentTime(bytes, timeFrom, tags.sentFrom);
  const rangeFrom = skipWord(text, timeTo, RANGE);
  const rangeTo = skipZero(bytes, rangeFrom);
  const to = skipUserToEnd(text, rangeTo);
  if (timeTo === NOT_FOUND || to === NOT_FOUND) return undefined;
  const sentUs = readSentUs(bytes, tags.sentFrom);
  if (sentUs >= TIME_END_US) return undefined;
  return {
    text,
    from,
    receiversFrom,
    receiversTo,
    timeFrom,
    timeTo,
    rangeFrom,
    rangeTo,
    to,
    sentUs,
    idFrom: tags.idFrom,
  };
}

/** A line of a known message; the span is between the braces of its `receivers`. */
export interface KnownLine<Known> extends ByteSpan {
  readonly known: Known;
  /** Where the line ends, without its line feed. */
  readonly lineTo: number;
}

/**
 * Reads the line at `at` if it has the same content as `known` and is canonical: found by comparing,
 * without scanning each field.
 */
export function matchKnownLine<Known extends { readonly line: ExactLine }>(
  text: ByteText,
  at: number,
  known: Known,
): KnownLine<Known> | undefined {
  const { line } = known;
  if (!standsAt({ text: line.text, from: line.from, to: line.receiversFrom }, text, at)) {
    return undefined;
  }
  const { bytes } = text;
  const from = at + line.receiversFrom - line.from;
  const to = skipReceivers(bytes, from);
  if (to === NOT_FOUND) return undefined;
  const beforeRange = { text: line.text, from: line.receiversTo, to: line.rangeFrom };
  if (!standsAt(beforeRange, text, to)) return undefined;
  const rangeTo = skipZero(bytes, to + line.rangeFrom - line.receiversTo);
  if (rangeTo === NOT_FOUND) return undefined;
  if (!standsAt({ text: line.text, from: line.rangeTo, to: line.to }, text, rangeTo)) {
    return undefined;
  }
  const lineTo = rangeTo + line.to - line.rangeTo;
  return isEndOfLine(bytes, lineTo) ? { text, from, to, known, lineTo } : undefined;
}

/** Whether two lines differ in their receivers only. */
export function haveSameContent(left: ExactLine, right: ExactLine): boolean {
  return left.sentUs === right.sentUs && haveEqualContent(left, right);
}

/** At least one receiver, each with a plain received time, in order and each once; up to the brace. */
export function skipReceivers(bytes: Uint8Array, at: number): number {
  let before = NOT_FOUND;
  let i = at;
  while (true) {
    const end = skipPlainString(bytes, i);
    if (end === NOT_FOUND || bytes[end] !== COLON) return NOT_FOUND;
    if (before !== NOT_FOUND && !isKeyBefore(bytes, before, i)) return NOT_FOUND;
    before = i;
    i = skipReceived(bytes, end + 1);
    if (i === NOT_FOUND) return NOT_FOUND;
    if (bytes[i] === CLOSE_BRACE) return i;
    if (bytes[i] !== COMMA) return NOT_FOUND;
    i++;
  }
}

/** The sent time in seconds, as it follows from its 13 digits in milliseconds at `sentFrom`. */
function skipSentTime(bytes: Uint8Array, at: number, sentFrom: number): number {
  // A shorter or zero-padded time is rare enough for the slow way.
  if (at === NOT_FOUND || bytes[sentFrom] === ZERO || bytes[sentFrom + 13] !== QUOTE) {
    return NOT_FOUND;
  }
  for (let i = 0; i < 13; i++) {
    const digit = bytes[sentFrom + i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NOT_FOUND;
    if (i < 10 && bytes[at + i] !== bytes[sentFrom + i]) return NOT_FOUND;
  }
  if (bytes[at + 10] !== POINT) return NOT_FOUND;
  let digits = 3;
  while (digits > 1 && bytes[sentFrom + 9 + digits] === ZERO) digits--;
  for (let i = 0; i < digits; i++) {
    if (bytes[at + 11 + i] !== bytes[sentFrom + 10 + i]) return NOT_FOUND;
  }
  return at + 11 + digits;
}

function readSentUs(bytes: Uint8Array, at: number): Micros {
  // In two halves, each of which the engine can keep as a small integer.
  let high = 0;
  for (let i = at; i < at + 7; i++) high = high * 10 + bytes[i]! - ZERO;
  let low = 0;
  for (let i = at + 7; i < at + 13; i++) low = low * 10 + bytes[i]! - ZERO;
  return (high * 1e6 + low) * MILLISECOND_US;
}

/** `0`, or `0.0` as a merge has it. */
function skipZero(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== ZERO) return NOT_FOUND;
  return bytes[at + 1] === POINT && bytes[at + 2] === ZERO ? at + 3 : at + 1;
}
