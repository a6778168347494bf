import { areSpansEqual, type ByteSpan, type ByteText, standsAt } from "./byte_text.ts";
import {
  asciiBytes,
  NO,
  skipLiteral,
  skipPlainString,
  skipReceived,
  skipString,
} from "./canonical_scan.ts";
import { SENT_TAG } from "./message.ts";
import { type Micros, MILLISECOND_US, TIME_END_US } from "./time.ts";

/**
 * One line of an exact message in canonical form, where it lies in its file. Its content is all but
 * the three runs between the marks; they are in the order of the line.
 */
export interface ExactLine {
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
  /** When Twitch sent it. */
  readonly sentUs: Micros;
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;

const NULL = asciiBytes("null");
const COMMAND = asciiBytes(`{"command":`);
const HOST = asciiBytes(`,"host":`);
const PARAMS = asciiBytes(`,"params":`);
const RECEIVERS = asciiBytes(`,"receivers":{`);
const SENDER = asciiBytes(`},"sender":`);
const TAGS = asciiBytes(`,"tags":{`);
const SENT_KEY = asciiBytes(`"${SENT_TAG}"`);
const TIME = asciiBytes(`},"time":`);
const RANGE = asciiBytes(`,"time_range":`);
const USER = asciiBytes(`,"user":`);

/**
 * Reads the line at `from` if it is what recorders and merges write for an exact message, every byte
 * of it checked. Returns `undefined` for anything else, valid or not: that is read the slow way.
 */
export function scanExactLine(text: ByteText, from: number): ExactLine | undefined {
  const { bytes } = text;
  let at = skipString(bytes, skipLiteral(bytes, from, COMMAND));
  at = skipStringOrNull(bytes, skipLiteral(bytes, at, HOST));
  at = skipStrings(bytes, skipLiteral(bytes, at, PARAMS));
  const receiversFrom = skipLiteral(bytes, at, RECEIVERS);
  const receiversTo = skipReceivers(bytes, receiversFrom);
  at = skipStringOrNull(bytes, skipLiteral(bytes, receiversTo, SENDER));
  const tagsFrom = skipLiteral(bytes, at, TAGS);
  if (receiversTo === NO || tagsFrom === NO) return undefined;
  const tags = scanTags(bytes, tagsFrom);
  if (tags.to === NO || tags.sentFrom === NO) return undefined;
  const timeFrom = skipLiteral(bytes, tags.to, TIME);
  const timeTo = skipSentTime(bytes, timeFrom, tags.sentFrom);
  const rangeFrom = skipLiteral(bytes, timeTo, RANGE);
  const rangeTo = skipZero(bytes, rangeFrom);
  at = skipStringOrNull(bytes, skipLiteral(bytes, rangeTo, USER));
  if (timeTo === NO || at === NO || bytes[at] !== CLOSE_BRACE) return undefined;
  const to = at + 1;
  if (to < bytes.length && bytes[to] !== LINE_FEED) return undefined;
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
  };
}

/** A line that says what a known message says; the span is between the braces of its `receivers`. */
export interface Repeat<Known> extends ByteSpan {
  readonly known: Known;
  /** Where the line ends, without its line feed. */
  readonly lineTo: number;
}

/**
 * Reads the line at `at` if it has the same content as `known` and is canonical: found by comparing,
 * without looking at each field.
 */
export function scanRepeat<Known extends { readonly line: ExactLine }>(
  text: ByteText,
  at: number,
  known: Known,
): Repeat<Known> | undefined {
  const { line } = known;
  if (!standsAt({ text: line.text, from: line.from, to: line.receiversFrom }, text, at)) {
    return undefined;
  }
  const { bytes } = text;
  const from = at + line.receiversFrom - line.from;
  const to = skipReceivers(bytes, from);
  if (to === NO) return undefined;
  const beforeRange = { text: line.text, from: line.receiversTo, to: line.rangeFrom };
  if (!standsAt(beforeRange, text, to)) return undefined;
  const rangeTo = skipZero(bytes, to + line.rangeFrom - line.receiversTo);
  if (rangeTo === NO) return undefined;
  if (!standsAt({ text: line.text, from: line.rangeTo, to: line.to }, text, rangeTo)) {
    return undefined;
  }
  const lineTo = rangeTo + line.to - line.rangeTo;
  if (lineTo < bytes.length && bytes[lineTo] !== LINE_FEED) return undefined;
  return { text, from, to, known, lineTo };
}

/** Whether two lines are the same but for who received them. */
export function haveSameContent(left: ExactLine, right: ExactLine): boolean {
  return left.sentUs === right.sentUs &&
    areRunsEqual(left, right, "from", "receiversFrom") &&
    areRunsEqual(left, right, "receiversTo", "timeFrom") &&
    areRunsEqual(left, right, "timeTo", "rangeFrom") &&
    areRunsEqual(left, right, "rangeTo", "to");
}

type Mark = Exclude<keyof ExactLine, "text" | "sentUs">;

function areRunsEqual(left: ExactLine, right: ExactLine, from: Mark, to: Mark): boolean {
  return areSpansEqual(
    { text: left.text, from: left[from], to: left[to] },
    { text: right.text, from: right[from], to: right[to] },
  );
}

function skipStringOrNull(bytes: Uint8Array, at: number): number {
  return bytes[at] === QUOTE ? skipString(bytes, at) : skipLiteral(bytes, at, NULL);
}

function skipStrings(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== OPEN_BRACKET) return NO;
  if (bytes[at + 1] === CLOSE_BRACKET) return at + 2;
  let i = at;
  do {
    i = skipString(bytes, i + 1);
    if (i === NO) return NO;
  } while (bytes[i] === COMMA);
  return bytes[i] === CLOSE_BRACKET ? i + 1 : NO;
}

/** At least one receiver, each with a plain received time, in order and each once; up to the brace. */
function skipReceivers(bytes: Uint8Array, at: number): number {
  let before = NO;
  let i = at;
  while (true) {
    const end = skipPlainString(bytes, i);
    if (end === NO || bytes[end] !== COLON) return NO;
    if (before !== NO && !isKeyBefore(bytes, before, i)) return NO;
    before = i;
    i = skipReceived(bytes, end + 1);
    if (i === NO) return NO;
    if (bytes[i] === CLOSE_BRACE) return i;
    if (bytes[i] !== COMMA) return NO;
    i++;
  }
}

/** Whether the plain key at `left` sorts before the one at `right`; both at their first quote. */
function isKeyBefore(bytes: Uint8Array, left: number, right: number): boolean {
  for (let i = 1;; i++) {
    const one = bytes[left + i]!;
    const other = bytes[right + i]!;
    if (one === other && one !== QUOTE) continue;
    if (one === QUOTE || other === QUOTE) return one === QUOTE && other !== QUOTE;
    return one < other;
  }
}

/** Reads tags from after their brace up to the closing one. `sentFrom` is where the time's digits start. */
function scanTags(bytes: Uint8Array, from: number): { to: number; sentFrom: number } {
  let sentFrom = NO;
  let before = NO;
  let at = from;
  while (true) {
    const keyTo = skipPlainString(bytes, at);
    if (keyTo === NO || bytes[keyTo] !== COLON) return NO_TAGS;
    if (before !== NO && !isKeyBefore(bytes, before, at)) return NO_TAGS;
    if (keyTo - at === SENT_KEY.length && skipLiteral(bytes, at, SENT_KEY) !== NO) {
      sentFrom = keyTo + 2;
    }
    before = at;
    at = skipString(bytes, keyTo + 1);
    if (at === NO) return NO_TAGS;
    if (bytes[at] === CLOSE_BRACE) return { to: at, sentFrom };
    if (bytes[at] !== COMMA) return NO_TAGS;
    at++;
  }
}

const NO_TAGS = { to: NO, sentFrom: NO };

/** The sent time in seconds, as it follows from its 13 digits in milliseconds at `sentFrom`. */
function skipSentTime(bytes: Uint8Array, at: number, sentFrom: number): number {
  // A shorter or zero-padded time is rare enough for the slow way.
  if (at === NO || bytes[sentFrom] === ZERO || bytes[sentFrom + 13] !== QUOTE) return NO;
  for (let i = 0; i < 13; i++) {
    const digit = bytes[sentFrom + i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NO;
    if (i < 10 && bytes[at + i] !== bytes[sentFrom + i]) return NO;
  }
  if (bytes[at + 10] !== POINT) return NO;
  let digits = 3;
  while (digits > 1 && bytes[sentFrom + 9 + digits] === ZERO) digits--;
  for (let i = 0; i < digits; i++) {
    if (bytes[at + 11 + i] !== bytes[sentFrom + 10 + i]) return NO;
  }
  return at + 11 + digits;
}

function readSentUs(bytes: Uint8Array, at: number): Micros {
  let ms = 0;
  for (let i = at; i < at + 13; i++) ms = ms * 10 + bytes[i]! - ZERO;
  return ms * MILLISECOND_US;
}

/** `0`, or `0.0` as a merge has it. */
function skipZero(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== ZERO) return NO;
  return bytes[at + 1] === POINT && bytes[at + 2] === ZERO ? at + 3 : at + 1;
}
