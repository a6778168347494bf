import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  OPEN_BRACKET,
  QUOTE,
} from "../bytes.ts";
import {
  asciiBytes,
  NOT_FOUND,
  skipLiteral,
  skipPlainString,
  skipString,
} from "./canonical_scan.ts";
import { type ByteText, skipWord, toWord, type Word } from "./byte_text.ts";
import { SENT_TAG } from "../batch/message.ts";

// The canonical line of a message without unknown fields, from bytes, in the order of its fields:
// head, receivers, sender and tags, time, range, user. Each function says where its part ends.

const NULL = asciiBytes("null");
const COMMAND = toWord(`{"command":`);
const HOST = toWord(`,"host":`);
const PARAMS = toWord(`,"params":`);
const RECEIVERS = toWord(`,"receivers":{`);
const SENDER = toWord(`},"sender":`);
const TAGS = toWord(`,"tags":`);
const TAGS_BRACE = asciiBytes(`{`);
const SENT_KEY = asciiBytes(`"${SENT_TAG}"`);
const ID_KEY = asciiBytes(`"id"`);
const USER = toWord(`,"user":`);

/** The text before the time. */
export const TIME: Word = toWord(`,"time":`);

/** The text between time and range. */
export const RANGE: Word = toWord(`,"time_range":`);

/** From the start of a line to the opening bracket of its params. */
export function skipToParams(text: ByteText, from: number): number {
  const { bytes } = text;
  const host = skipWord(text, skipString(bytes, skipWord(text, from, COMMAND)), HOST);
  return skipWord(text, skipStringOrNull(bytes, host), PARAMS);
}

/** From the start of a line to behind the opening brace of its receivers. */
export function skipToReceivers(text: ByteText, from: number): number {
  return skipWord(text, skipStrings(text.bytes, skipToParams(text, from)), RECEIVERS);
}

/** The result of a scan of tags. */
export interface ScannedTags {
  /** Where they end, or `NOT_FOUND`. */
  readonly to: number;
  /** Where the value of the sent time starts, behind its quote, or `NOT_FOUND`. */
  readonly sentFrom: number;
  /** Where the value of the id starts, behind its quote, or `NOT_FOUND`. */
  readonly idFrom: number;
}

const NO_TAGS: ScannedTags = { to: NOT_FOUND, sentFrom: NOT_FOUND, idFrom: NOT_FOUND };

/** From the closing brace of the receivers to behind the tags. */
export function scanSenderAndTags(text: ByteText, receiversTo: number): ScannedTags {
  const { bytes } = text;
  const sender = skipWord(text, receiversTo, SENDER);
  const tags = skipWord(text, skipStringOrNull(bytes, sender), TAGS);
  const tagsFrom = skipLiteral(bytes, tags, TAGS_BRACE);
  if (tagsFrom === NOT_FOUND) {
    return { to: skipLiteral(bytes, tags, NULL), sentFrom: NOT_FOUND, idFrom: NOT_FOUND };
  }
  return scanTags(bytes, tagsFrom);
}

/** From behind the range to the end of the line. */
export function skipUserToEnd(text: ByteText, rangeTo: number): number {
  const { bytes } = text;
  const at = skipStringOrNull(bytes, skipWord(text, rangeTo, USER));
  return at !== NOT_FOUND && bytes[at] === CLOSE_BRACE && isEndOfLine(bytes, at + 1)
    ? at + 1
    : NOT_FOUND;
}

/** Whether a line may end here: before a line feed or at the end of the file. */
export function isEndOfLine(bytes: Uint8Array, at: number): boolean {
  return at === bytes.length || bytes[at] === LINE_FEED;
}

/** Whether the plain key at `left` sorts before the one at `right`; both at their first quote. */
export function isKeyBefore(bytes: Uint8Array, left: number, right: number): boolean {
  for (let i = 1;; i++) {
    const one = bytes[left + i]!;
    const other = bytes[right + i]!;
    if (one === other && one !== QUOTE) continue;
    if (one === QUOTE || other === QUOTE) return one === QUOTE && other !== QUOTE;
    return one < other;
  }
}

/** Reads tags from after their brace behind the closing one. */
function scanTags(bytes: Uint8Array, from: number): ScannedTags {
  if (bytes[from] === CLOSE_BRACE) return { to: from + 1, sentFrom: NOT_FOUND, idFrom: NOT_FOUND };
  let sentFrom = NOT_FOUND;
  let idFrom = NOT_FOUND;
  let before = NOT_FOUND;
  let at = from;
  while (true) {
    const keyTo = skipPlainString(bytes, at);
    if (keyTo === NOT_FOUND || bytes[keyTo] !== COLON) return NO_TAGS;
    if (before !== NOT_FOUND && !isKeyBefore(bytes, before, at)) return NO_TAGS;
    if (keyTo - at === SENT_KEY.length && skipLiteral(bytes, at, SENT_KEY) !== NOT_FOUND) {
      sentFrom = keyTo + 2;
    } else if (keyTo - at === ID_KEY.length && skipLiteral(bytes, at, ID_KEY) !== NOT_FOUND) {
      idFrom = keyTo + 2;
    }
    before = at;
    at = skipString(bytes, keyTo + 1);
    if (at === NOT_FOUND) return NO_TAGS;
    if (bytes[at] === CLOSE_BRACE) return { to: at + 1, sentFrom, idFrom };
    if (bytes[at] !== COMMA) return NO_TAGS;
    at++;
  }
}

function skipStringOrNull(bytes: Uint8Array, at: number): number {
  return bytes[at] === QUOTE ? skipString(bytes, at) : skipLiteral(bytes, at, NULL);
}

function skipStrings(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== OPEN_BRACKET) return NOT_FOUND;
  if (bytes[at + 1] === CLOSE_BRACKET) return at + 2;
  let i = at;
  do {
    i = skipString(bytes, i + 1);
    if (i === NOT_FOUND) return NOT_FOUND;
  } while (bytes[i] === COMMA);
  return bytes[i] === CLOSE_BRACKET ? i + 1 : NOT_FOUND;
}
