import { type ByteText, decodeSpan } from "./byte_text.ts";
import {
  asciiBytes,
  NOT_FOUND,
  skipLiteral,
  skipPlainString,
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
import { readReceived, skipReceived } from "./canonical_scan.ts";
import { type Micros, readRange } from "../time.ts";

/** A line of a ranged message, and its sightings. */
export interface RangedLine extends LineMarks {
  /** Each receiver once. */
  readonly sightings: readonly ScannedSighting[];
}

/** A ranged line where it is in its file. */
export interface ScannedRanged extends RangedLine {
  /** The range of the line. */
  readonly startUs: Micros;
  readonly endUs: Micros;
  /** Where the value of its `id` tag starts, behind its quote; `-1` without one. */
  readonly idFrom: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

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
  const receiversFrom = skipToReceivers(bytes, from);
  const receiversTo = skipObject(bytes, receiversFrom);
  if (receiversTo === NOT_FOUND) return undefined;
  const tags = scanSenderAndTags(bytes, receiversTo);
  if (tags.sentFrom !== NOT_FOUND) return undefined;
  const timeFrom = skipLiteral(bytes, tags.to, TIME);
  const timeTo = skipNumeric(bytes, timeFrom);
  const rangeFrom = skipLiteral(bytes, timeTo, RANGE);
  const rangeTo = skipNumeric(bytes, rangeFrom);
  const to = skipUserToEnd(bytes, rangeTo);
  if (to === NOT_FOUND) return undefined;
  const marks = {
    text,
    from,
    receiversFrom,
    receiversTo,
    timeFrom,
    timeTo,
    rangeFrom,
    rangeTo,
    to,
  };
  const range = scanRange(bytes, timeFrom, rangeFrom);
  const sightings = range?.to === rangeTo
    ? scanReceivers(text, receiversFrom, receiversTo, range)
    : undefined;
  const found = sightings === undefined
    ? parseSightings(marks)
    : { sightings, startUs: range!.startUs, endUs: range!.endUs };
  return found === undefined ? undefined : {
    text,
    from,
    receiversFrom,
    receiversTo,
    timeFrom,
    timeTo,
    rangeFrom,
    rangeTo,
    to,
    sightings: found.sightings,
    startUs: found.startUs,
    endUs: found.endUs,
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
  const { bytes } = text;
  const sightings: ScannedSighting[] = [];
  let before = NOT_FOUND;
  let at = from;
  while (true) {
    const idTo = skipPlainString(bytes, at);
    if (idTo === NOT_FOUND || bytes[idTo] !== COLON) return undefined;
    if (before !== NOT_FOUND && !isKeyBefore(bytes, before, at)) return undefined;
    const isOwn = bytes[idTo + 1] === OPEN_BRACE;
    const receivedFrom = isOwn ? skipLiteral(bytes, idTo + 1, OWN_RECEIVED) : idTo + 1;
    const receivedTo = skipReceived(bytes, receivedFrom);
    if (receivedTo === NOT_FOUND) return undefined;
    let own = range;
    let end = receivedTo;
    if (isOwn) {
      const ownTime = skipLiteral(bytes, receivedTo, TIME);
      const ownRange = skipLiteral(bytes, skipNumeric(bytes, ownTime), RANGE);
      const scanned = scanRange(bytes, ownTime, ownRange);
      if (scanned === undefined || bytes[scanned.to] !== CLOSE_BRACE) return undefined;
      own = scanned;
      end = scanned.to + 1;
    }
    sightings.push(
      new ScannedSighting(
        readReceiver(bytes, at + 1, idTo - 1),
        readReceived(bytes, receivedFrom, receivedTo),
        own,
        text,
        at,
        idTo,
        receivedFrom,
        receivedTo,
      ),
    );
    if (end === to) return sightings;
    if (bytes[end] !== COMMA) return undefined;
    before = at;
    at = end + 1;
  }
}

/** The same by way of JSON, which takes every valid form. */
function parseSightings(
  { text, receiversFrom, receiversTo, timeFrom, timeTo, rangeFrom, rangeTo }: LineMarks,
): Pick<ScannedRanged, "sightings" | "startUs" | "endUs"> | undefined {
  const { bytes } = text;
  let value: { readonly [field: string]: unknown };
  try {
    value = parseJson(
      `{"receivers":{${decodeSpan(bytes, receiversFrom, receiversTo)}},"time":${
        decodeSpan(bytes, timeFrom, timeTo)
      },"time_range":${decodeSpan(bytes, rangeFrom, rangeTo)}}`,
    ) as typeof value; // It has braces around it, if it is JSON.
  } catch {
    return undefined; // The slow way says what is wrong.
  }
  if (findSightingFault(value) !== undefined) return undefined;
  const message = value as unknown as Message;
  return { sightings: rangedSightings(message).map(toScannedSighting), ...readRange(message) };
}
