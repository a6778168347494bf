import type { BatchLine } from "../batch/batch.ts";
import type { Steps } from "../steps.ts";
import { type ByteText, copySpan, decodeSpan, toByteSpan, toByteText } from "../scan/byte_text.ts";
import { ExactMessage } from "./exact_store.ts";

/** A line of the normal form with its sort keys; that of an exact message is not yet written. */
export type NormalLine = ExactMessage | BatchLine;

/** The text of a line, without its line feed. */
export function textOf(line: NormalLine): string {
  if (!(line instanceof ExactMessage)) return line.text;
  const target = toByteText(new Uint8Array(lengthMax(line)));
  return decodeSpan(target.bytes, 0, writeExact(line, target, 0));
}

/** The length of the line, or a little more if a receiver was added twice. */
function lengthMax(line: NormalLine): number {
  if (!(line instanceof ExactMessage)) return line.text.length;
  const { from, receiversFrom, receiversTo, rangeFrom, rangeTo, to } = line.line;
  const rest = receiversFrom - from + rangeFrom - receiversTo + to - rangeTo;
  return rest + line.heardBytesMax() + ZERO_RANGE.length;
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

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const ZERO_RANGE = "0.0";
const ZERO_RANGE_SPAN = toByteSpan(ZERO_RANGE);

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

const UTF8 = new TextEncoder();

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
    at = line instanceof ExactMessage
      ? writeExact(line, target, at)
      : at + UTF8.encodeInto(line.text, bytes.subarray(at)).written;
    bytes[at++] = LINE_FEED;
  }
  return at === bytesMax ? bytes : bytes.slice(0, at);
}
