import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../core/batch/batch.ts";
import { areBytesEqual, LINE_FEED } from "../../core/bytes.ts";
import type { Message } from "../../core/batch/message.ts";
import { type Micros, MINUTE_US, toSeconds } from "../../core/time.ts";
import type { Finding } from "./finding.ts";
import { findRepeatedReceiver } from "./repeated_receiver.ts";

/** The findings in a batch, and its size. */
export interface BatchVerdict {
  readonly findings: readonly Finding[];
  readonly messageCount: number;
}

/**
 * Checks form, order and place of the messages of a batch that can be read.
 *
 * @throws {BatchSyntaxError} when it cannot.
 */
export function verifyBatch(
  path: ArchiveKey,
  { channel, minuteUs }: { readonly channel: string; readonly minuteUs: Micros },
  bytes: Uint8Array,
): BatchVerdict {
  const messages = decodeBatch(bytes);
  const findings: Finding[] = [];
  const form = findFormFault(messages, bytes);
  if (form !== undefined) {
    findings.push({ path, ...form });
    const repeated = findRepeated(bytes);
    if (repeated !== undefined) findings.push({ path, ...repeated });
  }
  const misplaced = messages.findIndex((message) => !isAtHome(message, channel, minuteUs));
  if (misplaced !== -1) {
    const { params, time } = messages[misplaced]!;
    const reason = `it is a message of ${params[0] ?? "no channel"} at ${time} s`;
    findings.push({ kind: "misplaced", path, line: misplaced + 1, reason });
  }
  return { findings, messageCount: messages.length };
}

function isAtHome(message: Message, channel: string, minuteUs: Micros): boolean {
  const { params, time } = message;
  // By the double: the first whole microsecond in it may already belong to the next minute.
  const isInMinute = time >= toSeconds(minuteUs) && time < toSeconds(minuteUs + MINUTE_US);
  return params[0] === `#${channel}` && isInMinute;
}

function findFormFault(
  messages: readonly Message[],
  bytes: Uint8Array,
): Pick<Finding, "kind" | "line" | "reason"> | undefined {
  if (messages.length === 0) {
    return { kind: "not-canonical", reason: "it holds no message, so it should not be there" };
  }
  const canonical = encodeBatch(messages);
  if (areBytesEqual(canonical, bytes)) return undefined;
  // Rewritten one by one, lines keep their places, so a difference is in the form of a line.
  const lineStarts = splitLines(bytes);
  const wrong = messages.findIndex((message, i) =>
    !areBytesEqual(encodeBatch([message]), lineStarts[i]!)
  );
  if (wrong !== -1) {
    return { kind: "not-canonical", line: wrong + 1, reason: "its canonical form is different" };
  }
  const sorted = splitLines(canonical);
  const early = lineStarts.findIndex((line, i) => !areBytesEqual(line, sorted[i]!));
  return { kind: "unsorted", line: early + 1, reason: "another line belongs here" };
}

/** Only a line that is not canonical can hold a key twice. */
function findRepeated(bytes: Uint8Array): Omit<Finding, "path"> | undefined {
  for (const [i, line] of splitLines(bytes).entries()) {
    const receiver = findRepeatedReceiver(new TextDecoder().decode(line));
    if (receiver === undefined) continue;
    const reason = `it names receiver ${JSON.stringify(receiver)} twice`;
    return { kind: "repeated-receiver", line: i + 1, reason };
  }
  return undefined;
}

/** The lines of a file with their line feeds; the last one as it is. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}
