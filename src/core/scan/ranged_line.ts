import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from "../bytes.ts";
import { type ByteText, decodeSpan, skipWord } from "./byte_text.ts";
import {
  asciiBytes,
  NOT_FOUND,
  readReceived,
  skipLiteral,
  skipPlainString,
  skipReceived,
  skipString,
} from "./canonical_scan.ts";
import { findSightingFault } from "../batch/message_check.ts";
import type { LineMarks } from "./line_marks.ts";
import type { Message } from "../batch/message.ts";
import {
  isKeyBefore,
  RANGE,
  scanSenderAndTags,
  skipToReceivers,
  skipUserToEnd,
  TIME,
} from "./message_scan.ts";
import { parseJson } from "../json/parse_json.ts";
import { rangedSightings } from "../batch/ranged_sightings.ts";
import { readReceiver } from "./receiver_ids.ts";
import { type ScannedRange, scanRange } from "./scanned_range.ts";
import { ScannedSighting, toScannedSighting } from "./scanned_sighting.ts";
import { type MicrosRange, readRange } from "../time.ts";

/** A line of a ranged message, and its sightings. */
export interface RangedLine extends LineMarks {
  /** Each receiver once. */
  readonly sightings: readonly ScannedSighting[];
}

/** A ranged line where it is in its file. */
export interface ScannedRanged extends RangedLine {
  /** The range of the line. */
  readonly range: MicrosRange;
  /** Where the value of its `id` tag starts, behind its quote; `-1` without one. */
  readonly idFrom: number;
}

/** 1 for what numbers are made of, and what stands between them. */
const NUMERIC = new Uint8Array(256);
for (const letter of "0123456789+-.eE") NUMERIC[letter.charCodeAt(0)] = 1;
const BETWEEN = Uint8Array.from(NUMERIC);
for (const letter of ",:") BETWEEN[letter.charCodeAt(0)] = 1;

/**
 * Reads the line at `from` if its content is canonical and has no sent time at all. Who heard it and
 * when is parsed as JSON where it is not in the usual form. Returns `undefined` for anything else,
 * valid or not.
 */
export function scanRangedLine(text: ByteText, from: number): ScannedRanged | undefined {
  const { bytes } = text;
  const receiversFrom = skipToReceivers(text, from);
  const receiversTo = skipObject(bytes, receiversFrom);
  if (receiversTo === NOT_FOUND) return undefined;
  const tags = scanSenderAndTags(text, receiversTo);
  if (tags.sentFrom !== NOT_FOUND) return undefined;
  const timeFrom = skipWord(text, tags.to, TIME);
  const timeTo = skipNumeric(bytes, timeFrom);
  const rangeFrom = skipWord(text, timeTo, RANGE);
  const rangeTo = skipNumeric(bytes, rangeFrom);
  const to = skipUserToEnd(text, rangeTo);
  if (to === NOT_FOUND) return undefined;
  const scanned = scanRange(bytes, timeFrom, rangeFrom);
  const isUsual = scanned !== undefined && scanned.rangeTo === rangeTo;
  let sightings = isUsual ? scanReceivers(text, receiversFrom, receiversTo, scanned) : undefined;
  let range: MicrosRange | undefined = scanned;
  if (sightings === undefined) {
    const message = parseSightings(bytes, [
      receiversFrom,
      receiversTo,
      timeFrom,
      timeTo,
      rangeFrom,
      rangeTo,
    ]);
    if (message === undefined) return undefined;
    sightings = rangedSightings(message).map(toScannedSighting);
    range = readRange(message);
  }
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
    sightings,
    range: range!,
    idFrom: tags.idFrom,
  };
}

/** To the closing brace of an object of numbers, or of objects of numbers; its syntax is not checked. */
function skipObject(bytes: Uint8Array, at: number): number {
  let i = at;
  let depth = 0;
  while (i !== NOT_FOUND) {
    const byte = bytes[i];
    if (byte === QUOTE) i = skipString(bytes, i);
    else if (byte === CLOSE_BRACE && depth === 0) return i;
    else if (byte === CLOSE_BRACE) {
      depth--;
      i++;
    } else if (byte === OPEN_BRACE) {
      depth++;
      i++;
    } else if (byte !== undefined && BETWEEN[byte] === 1) i++;
    else return NOT_FOUND;
  }
  return NOT_FOUND;
}

function skipNumeric(bytes: Uint8Array, at: number): number {
  let i = at;
  while (NUMERIC[bytes[i]!] === 1) i++;
  return i;
}

const OWN_RECEIVED = asciiBytes(`{"received":`);

/** Plain ids in order, each with a usual received time, or that with its own range; else `undefined`. */
function scanReceivers(
  text: ByteText,
  from: number,
  to: number,
  range: ScannedRange,
): ScannedSighting[] | undefined {
  let sighting = scanReceiver(text, from, range);
  if (sighting === undefined) return undefined;
  const sightings = [sighting]; // As literal: most lists stay that short.
  while (sighting.to !== to) {
    const at: number = sighting.to + 1;
    if (text.bytes[sighting.to] !== COMMA) return undefined;
    if (!isKeyBefore(text.bytes, sighting.idFrom, at)) return undefined;
    sighting = scanReceiver(text, at, range);
    if (sighting === undefined) return undefined;
    sightings.push(sighting);
  }
  return sightings;
}

function scanReceiver(
  text: ByteText,
  at: number,
  range: ScannedRange,
): ScannedSighting | undefined {
  const { bytes } = text;
  const idTo = skipPlainString(bytes, at);
  if (idTo === NOT_FOUND || bytes[idTo] !== COLON) return undefined;
  const isOwn = bytes[idTo + 1] === OPEN_BRACE;
  const receivedFrom = isOwn ? skipLiteral(bytes, idTo + 1, OWN_RECEIVED) : idTo + 1;
  const receivedTo = skipReceived(bytes, receivedFrom);
  if (receivedTo === NOT_FOUND) return undefined;
  const receiver = readReceiver(bytes, at + 1, idTo - 1);
  const receivedS = readReceived(bytes, receivedFrom, receivedTo);
  if (!isOwn) {
    return new ScannedSighting(
      receiver,
      receivedS,
      range,
      text,
      at,
      idTo,
      receivedFrom,
      receivedTo,
      receivedTo,
    );
  }
  const timeFrom = skipWord(text, receivedTo, TIME);
  const rangeFrom = skipWord(text, skipNumeric(bytes, timeFrom), RANGE);
  const own = scanRange(bytes, timeFrom, rangeFrom);
  if (own === undefined || bytes[own.rangeTo] !== CLOSE_BRACE) return undefined;
  return new ScannedSighting(
    receiver,
    receivedS,
    own,
    text,
    at,
    idTo,
    receivedFrom,
    receivedTo,
    own.rangeTo + 1,
  );
}

/** The same by way of JSON, which takes every valid form. */
function parseSightings(
  bytes: Uint8Array,
  marks: readonly [number, number, number, number, number, number],
): Message | undefined {
  const [receivers, time, range] = [0, 2, 4].map((i) =>
    decodeSpan(bytes, marks[i]!, marks[i + 1]!)
  );
  let value: { readonly [field: string]: unknown };
  try {
    // It has braces around it, if it is JSON.
    value = parseJson(
      `{"receivers":{${receivers}},"time":${time},"time_range":${range}}`,
    ) as typeof value;
  } catch {
    return undefined; // The slow way names the fault.
  }
  return findSightingFault(value) === undefined ? value as unknown as Message : undefined;
}
