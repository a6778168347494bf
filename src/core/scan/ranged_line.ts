import { type ByteText, decodeSpan } from "./byte_text.ts";
import { NOT_FOUND, skipLiteral, skipString } from "./canonical_scan.ts";
import { type Content, TIME_RANGE_KEY } from "../batch/content.ts";
import type { OwnRange } from "../batch/message.ts";
import { findSightingFault } from "../batch/message_check.ts";
import { parseJson } from "../json/parse_json.ts";
import { RANGE, scanSenderAndTags, skipToReceivers, skipUserToEnd, TIME } from "./message_scan.ts";

/** A line of a ranged message, its content still as text. */
export interface ScannedRanged {
  readonly content: Content;
  readonly receivers: { readonly [receiver: string]: number | OwnRange };
  readonly time: number;
  readonly time_range: number;
  /** Where the value of its `id` tag starts, behind its quote; `-1` without one. */
  readonly idFrom: number;
  /** Where the line ends, without its line feed. */
  readonly to: number;
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** 1 for characters of numbers, and those between them. */
const NUMERIC = new Uint8Array(256);
for (const letter of "0123456789+-.eE") NUMERIC[letter.charCodeAt(0)] = 1;
const BETWEEN = Uint8Array.from(NUMERIC);
for (const letter of ",:") BETWEEN[letter.charCodeAt(0)] = 1;

/**
 * Reads the line at `from` if its content is canonical and has no sent time at all. Only its receivers
 * are parsed as JSON. Returns `undefined` for any other line, valid or not.
 */
export function scanRangedLine({ bytes }: ByteText, from: number): ScannedRanged | undefined {
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
  const line = decodeSpan(bytes, from, to);
  const cut = (start: number, end: number) => line.slice(start - from, end - from);
  const sightings = parseSightings(
    `{"receivers":{${cut(receiversFrom, receiversTo)}},"time":${cut(timeFrom, timeTo)},` +
      `"time_range":${cut(rangeFrom, rangeTo)}}`,
  );
  if (sightings === undefined) return undefined;
  const a = cut(from, receiversFrom - 1);
  const b = cut(receiversTo + 1, timeFrom);
  return {
    content: { a, b, c: TIME_RANGE_KEY, d: cut(rangeTo, to) },
    ...sightings,
    idFrom: tags.idFrom,
    to,
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

function parseSightings(
  text: string,
): Pick<ScannedRanged, "receivers" | "time" | "time_range"> | undefined {
  let value: { readonly [field: string]: unknown };
  try {
    value = parseJson(text) as typeof value; // It has braces around it, if it is JSON.
  } catch {
    return undefined; // The slow way names the fault.
  }
  return findSightingFault(value) === undefined ? value as unknown as ScannedRanged : undefined;
}
