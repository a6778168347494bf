import {
  compareCodePoints,
  formatFloat,
  formatSeconds,
  formatString,
} from "./text/canonical_json.ts";
import { contentOfFields } from "./content.ts";
import { BatchSyntaxError } from "./errors.ts";
import type { Message } from "./message.ts";
import { findMessageFault } from "./message_check.ts";
import { parseJson } from "./text/parse_json.ts";
import { fromSeconds, type Micros, SECOND_US } from "./time.ts";

/**
 * The bytes of a batch that holds just these messages: a line of canonical JSON each, sorted by
 * time, range and text. Pure ASCII; fresh for the caller; empty for no message.
 *
 * Messages are written as they are, not merged. Times are rounded to the microsecond.
 *
 * @throws {TypeError} when one is not a valid message.
 */
export function encodeBatch(messages: readonly Message[]): Uint8Array {
  const lines = messages.map((message) => {
    const fault = findMessageFault(message);
    if (fault !== undefined) throw new TypeError(`Cannot encode message: ${fault}`);
    const startUs = fromSeconds(message.time);
    const lengthUs = fromSeconds(message.time_range);
    return { startUs, lengthUs, text: formatMessage(message, { startUs, lengthUs }) };
  });
  return encodeLines(lines);
}

/** A line of a batch with what it is sorted by. */
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

/** Writes a range as it stands in a line of `receiverCount` receivers. */
export function formatRange(lengthUs: Micros, receiverCount: number): string {
  // The reference writes its own constants as integers; a merge makes floats of them.
  return receiverCount === 1 && lengthUs % SECOND_US === 0
    ? String(lengthUs / SECOND_US)
    : formatSeconds(lengthUs);
}

function formatMessage(
  message: Message,
  { startUs, lengthUs }: { readonly startUs: Micros; readonly lengthUs: Micros },
): string {
  const { a, b, c, d } = contentOfFields(message);
  const receivers = Object.keys(message.receivers).sort(compareCodePoints);
  const range = WRITTEN_AS_FLOAT.has(message)
    ? formatSeconds(lengthUs)
    : formatRange(lengthUs, receivers.length);
  const list = receivers.map((receiver) => {
    const sighting = message.receivers[receiver]!;
    const value = typeof sighting === "number" ? formatFloat(sighting) : formatOwnRange({
      received: sighting.received,
      startUs: fromSeconds(sighting.time),
      lengthUs: fromSeconds(sighting.time_range),
    });
    return `${formatString(receiver)}:${value}`;
  });
  return `${a}{${list.join(",")}}${b}${formatSeconds(startUs)}${c}${range}${d}`;
}

/** Writes a received time with the receiver's own range. */
export function formatOwnRange(own: {
  readonly received: number;
  readonly startUs: Micros;
  readonly lengthUs: Micros;
}): string {
  const { received, startUs, lengthUs } = own;
  return `{"received":${formatFloat(received)},"time":${formatSeconds(startUs)},"time_range":${
    formatSeconds(lengthUs)
  }}`;
}

// The reference writes a range that it cut as a float even where it is whole (`2.0` for one
// receiver, where its uncut ranges are `10`). Numbers do not tell the two apart, so those messages
// are remembered: what was decoded encodes to the same bytes. A merge makes them canonical.
const WRITTEN_AS_FLOAT = new WeakSet<Message>();
const WHOLE_FLOAT_RANGE = /,"time_range":\d+\.0+,"user":(?:null|"(?:[^"\\]|\\.)*")\}$/;

/**
 * The messages of a batch, in the order of the file.
 *
 * Lines need not be canonical: any valid JSON of a valid message will do.
 *
 * @throws {BatchSyntaxError} when any line is not a message. One such line spoils the whole batch.
 */
export function decodeBatch(bytes: Uint8Array): Message[] {
  return splitBatch(bytes).map((line, i) => {
    const message = parseMessageLine(line, i + 1);
    if (Object.keys(message.receivers).length === 1 && WHOLE_FLOAT_RANGE.test(line)) {
      WRITTEN_AS_FLOAT.add(message);
    }
    return message;
  });
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
