import { type ByteSpan, decodeSpan } from "./byte_text.ts";
import type { BatchLine } from "./batch.ts";
import type { ExactMessage } from "./exact_store.ts";
import type { Micros } from "./time.ts";

/** A line of the normal form with what it is sorted by, written only when it is asked for. */
export type NormalLine = ExactNormalLine | BatchLine;

/** The line of an exact message. */
export class ExactNormalLine {
  readonly startUs: Micros;
  readonly lengthUs = 0;
  readonly #message: ExactMessage;

  constructor(message: ExactMessage) {
    this.#message = message;
    this.startUs = message.line.sentUs;
  }

  get text(): string {
    const bytes = new Uint8Array(this.byteLength);
    this.write(bytes, 0);
    return decodeSpan(bytes, 0, bytes.length);
  }

  get byteLength(): number {
    const { line, heard } = this.#message;
    const receivers = heard.reduce((sum, { from, to }) => sum + to - from + 1, -1);
    return line.to - line.from - (line.receiversTo - line.receiversFrom) + receivers -
      (line.rangeTo - line.rangeFrom) + (heard.length === 1 ? 1 : 3);
  }

  /** Writes the line at `at` and returns where it ends. */
  write(bytes: Uint8Array, at: number): number {
    const { line, heard } = this.#message;
    const { text } = line;
    let to = copy(bytes, at, { text, from: line.from, to: line.receiversFrom });
    for (let i = 0; i < heard.length; i++) {
      if (i > 0) bytes[to++] = COMMA;
      to = copy(bytes, to, heard[i]!);
    }
    to = copy(bytes, to, { text, from: line.receiversTo, to: line.rangeFrom });
    bytes[to++] = ZERO;
    if (heard.length > 1) {
      bytes[to++] = POINT;
      bytes[to++] = ZERO;
    }
    return copy(bytes, to, { text, from: line.rangeTo, to: line.to });
  }
}

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;

// Below this a loop is faster than the runtime's own copying.
const SHORT_BYTES = 64;

function copy(target: Uint8Array, at: number, { text, from, to }: ByteSpan): number {
  const { bytes } = text;
  if (to - from >= SHORT_BYTES) target.set(bytes.subarray(from, to), at);
  else for (let i = from; i < to; i++) target[at + i - from] = bytes[i]!;
  return at + to - from;
}

/** Sorts lines as a batch has them: by time, range and text. */
export function sortLines(lines: NormalLine[]): NormalLine[] {
  lines.sort((left, right) => left.startUs - right.startUs || left.lengthUs - right.lengthUs);
  // Few lines share time and range, and only those need their text.
  for (let from = 0; from < lines.length;) {
    let to = from + 1;
    while (to < lines.length && isTied(lines[from]!, lines[to]!)) to++;
    if (to > from + 1) {
      const tied = lines.slice(from, to).map((line) => ({ line, text: line.text }));
      tied.sort((left, right) => left.text < right.text ? -1 : left.text > right.text ? 1 : 0);
      for (let i = from; i < to; i++) lines[i] = tied[i - from]!.line;
    }
    from = to;
  }
  return lines;
}

function isTied(left: NormalLine, right: NormalLine): boolean {
  return left.startUs === right.startUs && left.lengthUs === right.lengthUs;
}

const UTF8 = new TextEncoder();

/** The bytes of a batch of these lines, in this order. */
export function writeLines(lines: readonly NormalLine[]): Uint8Array {
  let length = lines.length;
  for (const line of lines) length += "byteLength" in line ? line.byteLength : line.text.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const line of lines) {
    at = "write" in line
      ? line.write(bytes, at)
      : at + UTF8.encodeInto(line.text, bytes.subarray(at)).written;
    bytes[at++] = LINE_FEED;
  }
  return bytes;
}
