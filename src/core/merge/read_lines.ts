import { LINE_FEED } from "../bytes.ts";
import type { ArchiveKey } from "../archive/archive_key.ts";
import { parseMessageLine } from "../batch/batch.ts";
import {
  type ByteSpan,
  type ByteText,
  decodeSpan,
  toByteSpan,
  toByteText,
} from "../scan/byte_text.ts";
import { type Content, contentOfFields, sentUs } from "../batch/content.ts";
import { linePieces } from "../batch/format_line.ts";
import { BatchSyntaxError } from "../errors/errors.ts";
import {
  type ExactLine,
  type KnownLine,
  matchKnownLine,
  scanExactLine,
} from "../scan/exact_line.ts";
import type { ExactMessage, ExactStore } from "./exact_store.ts";
import type { Message } from "../batch/message.ts";
import { NOT_FOUND } from "../scan/canonical_scan.ts";
import { type RangedLine, scanRangedLine } from "../scan/ranged_line.ts";
import type { Sighting } from "../grouping/sighting.ts";
import { toRangedLine } from "../scan/written_line.ts";
import { rangedSightings } from "../batch/ranged_sightings.ts";
import type { Micros } from "../time.ts";

/** What one line of a batch adds to the set: one of three. */
export type ReadLine = ExactLine | KnownLine<ExactMessage> | RangedLine;

// At most this many messages are compared when another file skips some that this one has.
const SKIPPED_MAX = 4;

/**
 * Reads a batch, line by line, without changing `known`.
 *
 * Two recordings of a channel hold nearly the same lines in the same order. So a line is first compared
 * with the next message of `known`; only if that fails it is scanned field by field, and only if that
 * does not find the usual canonical form, parsed.
 *
 * @throws {BatchSyntaxError} when a line is not a message.
 */
export function readLines(
  bytes: Uint8Array,
  { known, key }: { readonly known: ExactStore; readonly key?: ArchiveKey | undefined },
): ReadLine[] {
  const text = toByteText(bytes);
  const lines: ReadLine[] = [];
  let next = known.messages[0];
  let wasRanged = false;
  for (let at = 0; at < bytes.length;) {
    const repeat = findKnownLine(text, at, next);
    if (repeat !== undefined) {
      next = repeat.known.next;
      lines.push(repeat);
      at = repeat.lineTo + 1;
      continue;
    }
    // A ranged line mostly follows another.
    let ranged = wasRanged ? scanRangedLine(text, at) : undefined;
    const exact = ranged === undefined ? scanExactLine(text, at) : undefined;
    if (exact !== undefined) {
      wasRanged = false;
      // Where this file differs, continue behind the point at which it meets a known message again.
      next = known.find(exact)?.next ?? next;
      lines.push(exact);
      at = exact.to + 1;
      continue;
    }
    if (!wasRanged) ranged = scanRangedLine(text, at);
    if (ranged !== undefined) {
      wasRanged = true;
      lines.push(ranged);
      at = ranged.to + 1;
      continue;
    }
    const feed = bytes.indexOf(LINE_FEED, at);
    const to = feed < 0 ? bytes.length : feed;
    lines.push(parseLine({ text, from: at, to }, { lineNumber: lines.length + 1, key }));
    at = to + 1;
  }
  return lines;
}

function findKnownLine(
  text: ByteText,
  at: number,
  next: ExactMessage | undefined,
): KnownLine<ExactMessage> | undefined {
  let message = next;
  for (let i = 0; i < SKIPPED_MAX && message !== undefined; i++) {
    const repeat = matchKnownLine(text, at, message);
    if (repeat !== undefined) return repeat;
    message = message.next;
  }
  return undefined;
}

/** Reads a line the slow way, which takes every valid message. */
function parseLine(
  { text, from, to }: ByteSpan,
  { lineNumber, key }: { lineNumber: number; key?: ArchiveKey | undefined },
): ReadLine {
  try {
    return toReadLine(
      parseMessageLine(decodeLine(text.bytes.subarray(from, to), lineNumber), lineNumber),
    );
  } catch (error) {
    if (key === undefined || !(error instanceof BatchSyntaxError)) throw error;
    throw new BatchSyntaxError(error.line, error.reason, { key, cause: error });
  }
}

function decodeLine(line: Uint8Array, lineNumber: number): string {
  try {
    return decodeSpan(line, 0, line.length);
  } catch (cause) {
    throw new BatchSyntaxError(lineNumber, "not UTF-8", { cause });
  }
}

function toReadLine(message: Message): ReadLine {
  const content = contentOfFields(message);
  const exactUs = sentUs(message.tags);
  const sightings = rangedSightings(message);
  return exactUs === undefined
    ? toRangedLine(content, sightings)
    : toExactLine(content, sightings, exactUs);
}

/** The canonical line of an exact message, received by each receiver once. */
export function toExactLine(
  content: Content,
  sightings: readonly Pick<Sighting, "receiver" | "receivedS">[],
  sentUs: Micros,
): ExactLine {
  const pieces = linePieces(content, sightings, { startUs: sentUs, endUs: sentUs });
  let end = 0;
  const [receiversFrom, receiversTo, timeFrom, timeTo, rangeFrom, rangeTo] = pieces
    .map((piece) => end += piece.length) as [number, number, number, number, number, number];
  const { text, from, to } = toByteSpan(pieces.join(""));
  // In the order of `scanExactLine`: engines then take both for one kind of object.
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
    idFrom: NOT_FOUND,
  };
}
