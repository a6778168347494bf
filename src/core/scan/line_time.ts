import { parseCanonicalLine } from "./canonical_line.ts";
import type { Message } from "../batch/message.ts";
import { type MicrosRange, readRange } from "../time.ts";

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
