import { contentOfFields } from "./content.ts";
import { BatchSyntaxError } from "../errors/errors.ts";
import { formatLine } from "./format_line.ts";
import type { Message } from "./message.ts";
import { findMessageFault } from "./message_check.ts";
import { parseJson } from "../json/parse_json.ts";
import { type Micros, type MicrosRange, readRange } from "../time.ts";

/**
 * The bytes of a batch that holds just these messages: a line of canonical JSON each, sorted by
 * time, range and text. Pure ASCII; fresh for the caller; empty for no message.
 *
 * Messages are not merged. Their ranges are read inward to whole microseconds (`readRange`).
 *
 * @throws {TypeError} when one is not a valid message.
 */
export function encodeBatch(messages: readonly Message[]): Uint8Array {
  const lines = messages.map((message) => {
    const fault = findMessageFault(message);
    if (fault !== undefined) throw new TypeError(`Cannot encode message: ${fault}`);
    const range = readRange(message);
    const { startUs, endUs } = range;
    return { startUs, lengthUs: endUs - startUs, text: formatMessage(message, range) };
  });
  return encodeLines(lines);
}

/** A line of a batch with its sort keys. */
export interface BatchLine {
  readonly startUs: Micros;
  readonly lengthUs: Micros;
  /** Canonical JSON, without the line feed. */
  readonly text: string;
}

/** Orders lines as a batch has them. */
function compareLines(a: BatchLine, b: BatchLine): number {
  return a.startUs - b.startUs || a.lengthUs - b.lengthUs ||
    (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
}

/** The bytes of a batch of these lines, which it sorts first. */
export function encodeLines(lines: readonly BatchLine[]): Uint8Array {
  const sorted = [...lines].sort(compareLines);
  let text = "";
  for (const line of sorted) text += line.text + "\n";
  return encodeAscii(text);
}

const UTF8 = new TextEncoder();

function encodeAscii(text: string): Uint8Array {
  return UTF8.encode(text);
}

function formatMessage(message: Message, range: MicrosRange): string {
  const receivers = Object.entries(message.receivers).map(([receiver, sighting]) =>
    typeof sighting === "number"
      ? { receiver, receivedS: sighting }
      : { receiver, receivedS: sighting.received, ownRange: readRange(sighting) }
  );
  return formatLine(contentOfFields(message), receivers, range);
}

/**
 * The messages of a batch, in the order of the file.
 *
 * Lines need not be canonical: any valid JSON of a valid message will do.
 *
 * @throws {BatchSyntaxError} when any line is not a message. One such line makes the whole batch unreadable.
 */
export function decodeBatch(bytes: Uint8Array): Message[] {
  return splitBatch(bytes).map((line, i) => parseMessageLine(line, i + 1));
}

/**
 * The lines of a batch as text, without their line feeds. The last one may lack its own.
 *
 * @throws {BatchSyntaxError} when the bytes are not UTF-8.
 */
export function splitBatch(bytes: Uint8Array): string[] {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BatchSyntaxError(lineOfBadUtf8(bytes), "not UTF-8", { cause });
  }
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function lineOfBadUtf8(bytes: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.slice(0, text.indexOf("\ufffd")).split("\n").length;
}

/**
 * Reads one line of a batch, the `lineNumber`th.
 *
 * @throws {BatchSyntaxError} when it is not a message.
 */
export function parseMessageLine(line: string, lineNumber: number): Message {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (cause) {
    throw new BatchSyntaxError(lineNumber, "not JSON", { cause });
  }
  const fault = findMessageFault(value);
  if (fault !== undefined) throw new BatchSyntaxError(lineNumber, fault);
  return value as Message;
}
