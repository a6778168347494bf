import { LINE_FEED } from "../bytes.ts";
import { parseCanonicalLine } from "./canonical_line.ts";
import type { Message } from "../batch/message.ts";
import { type Micros, type MicrosRange, readRange } from "../time.ts";

const LATIN_1 = new TextDecoder("latin1");
// The end of a line without unknown fields there; receivers' own ranges stand further in front.
const TAIL = /,"time":([\d.e-]+),"time_range":([\d.e-]+),"user":(?:null|"(?:[^"\\]|\\.)*")\}\n$/;
/** Nearly every tail fits into this: a login has 25 letters. */
const TAIL_BYTES = 160;

/**
 * When the event of one line happened.
 *
 * @param line canonical JSON of a message, with its line feed.
 * @throws {SyntaxError} when it is not JSON. Of JSON that is no message, the range may be `NaN`.
 */
export function lineTime(line: Uint8Array): MicrosRange {
  return readRange(timesOf(line));
}

function timesOf(line: Uint8Array): Pick<Message, "time" | "time_range"> {
  const tail = LATIN_1.decode(line.subarray(Math.max(0, line.length - TAIL_BYTES)));
  const match = TAIL.exec(tail);
  if (match !== null) return { time: Number(match[1]), time_range: Number(match[2]) };
  return parseCanonicalLine(line);
}

/**
 * Where the first line starts that begins at `timeUs` or later; the end of `lines` if none does. Reads a line
 * for each halving of what is left.
 *
 * @param lines canonical JSON of messages in the order of a batch, each with its line feed.
 * @throws {SyntaxError} when a line that it reads is not JSON.
 */
export function firstLineFrom(lines: Uint8Array, timeUs: Micros): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const from = lineStart(lines, middle);
    const to = lineEnd(lines, middle);
    if (lineTime(lines.subarray(from, to)).startUs < timeUs) low = to;
    else high = from;
  }
  return low;
}

/** Where the line starts that holds the byte at `at`. */
export function lineStart(lines: Uint8Array, at: number): number {
  return at === 0 ? 0 : lines.lastIndexOf(LINE_FEED, at - 1) + 1;
}

/** Where the line ends that holds the byte at `at`, behind its line feed. */
export function lineEnd(lines: Uint8Array, at: number): number {
  const feed = lines.indexOf(LINE_FEED, at);
  return feed === -1 ? lines.length : feed + 1;
}
