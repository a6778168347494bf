import { COMMA, LINE_FEED } from "../bytes.ts";
import type { Steps } from "../steps.ts";
import {
  areBytesEqual,
  type ByteText,
  copySpan,
  decodeSpan,
  toByteSpan,
  toByteText,
} from "../scan/byte_text.ts";
import { ExactMessage } from "./exact_store.ts";
import type { RangedEvent } from "./ranged_event.ts";

/** A line of the normal form with its sort keys, not yet written. */
export type NormalLine = ExactMessage | RangedEvent;

/** The text of a line, without its line feed. */
export function textOf(line: NormalLine): string {
  const target = toByteText(new Uint8Array(lengthMax(line)));
  return decodeSpan(target.bytes, 0, writeLine(line, target, 0));
}

/** The length of the line, or somewhat more. */
export function lengthMax(line: NormalLine): number {
  if (!(line instanceof ExactMessage)) return line.bytesMax;
  const { from, receiversFrom, receiversTo, rangeFrom, rangeTo, to } = line.line;
  const rest = receiversFrom - from + rangeFrom - receiversTo + to - rangeTo;
  return rest + line.heardBytesMax() + ZERO_RANGE.length;
}

/** Writes a line at `at` and returns where it ends. */
export function writeLine(line: NormalLine, target: ByteText, at: number): number {
  return line instanceof ExactMessage ? writeExact(line, target, at) : line.write(target, at);
}

/** Writes an exact message at `at` and returns where it ends. */
function writeExact(message: ExactMessage, target: ByteText, at: number): number {
  const { text, from, receiversFrom, receiversTo, rangeFrom, rangeTo, to } = message.line;
  const receivers = message.receivers();
  let end = copySpan({ text, from, to: receiversFrom }, target, at);
  for (let i = 0; i < receivers.length; i++) {
    if (i > 0) target.bytes[end++] = COMMA;
    end = copySpan(receivers[i]!, target, end);
  }
  end = copySpan({ text, from: receiversTo, to: rangeFrom }, target, end);
  end = copySpan(ZERO_RANGE_SPAN, target, end);
  return copySpan({ text, from: rangeTo, to }, target, end);
}

const ZERO_RANGE = "0.0";
const ZERO_RANGE_SPAN = toByteSpan(ZERO_RANGE);

/**
 * Whether these are the lines of `text` that start and end at `places`, two numbers a line, in the same
 * order.
 */
export function areLinesAt(
  lines: readonly NormalLine[],
  text: ByteText,
  places: readonly number[],
): boolean {
  if (lines.length * 2 !== places.length) return false;
  let own = toByteText(new Uint8Array(0));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const length = lengthMax(line);
    if (own.bytes.length < length) own = toByteText(new Uint8Array(length * 2));
    const to = writeLine(line, own, 0);
    const from = places[2 * i]!;
    if (places[2 * i + 1]! - from !== to || !areBytesEqual(own, 0, text, from, to)) return false;
  }
  return true;
}

/** Sorts lines as a batch has them: by time, range and text. */
export function sortLines(lines: NormalLine[]): NormalLine[] {
  lines.sort((left, right) => left.startUs - right.startUs || left.lengthUs - right.lengthUs);
  // Few lines share time and range, and only those need their text.
  for (let from = 0; from < lines.length;) {
    let to = from + 1;
    while (to < lines.length && isTied(lines[from]!, lines[to]!)) to++;
    if (to > from + 1) {
      const tied = lines.slice(from, to).map((line) => ({ line, text: textOf(line) }));
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

/** How many lines are written in one step. */
const LINES_PER_STEP = 1_000;

/** The bytes of a batch of these lines, in this order. */
export function* writeLines(lines: readonly NormalLine[]): Steps<Uint8Array> {
  const bytesMax = lines.reduce((sum, line) => sum + lengthMax(line) + 1, 0);
  const target = toByteText(new Uint8Array(bytesMax));
  const { bytes } = target;
  let at = 0;
  for (let i = 0; i < lines.length; i++) {
    if (i > 0 && i % LINES_PER_STEP === 0) yield;
    const line = lines[i]!;
    at = writeLine(line, target, at);
    bytes[at++] = LINE_FEED;
  }
  return at === bytesMax ? bytes : bytes.slice(0, at);
}
