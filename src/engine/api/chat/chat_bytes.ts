import { parseCanonicalLine } from "../../../core/scan/canonical_line.ts";
import { meetsFilter } from "../../../core/text/message_filter.ts";
import { isPlainText } from "../../../core/json/canonical_json.ts";
import { formatForPeople } from "../../../core/batch/message_text.ts";
import { type Micros, MINUTE_US, RANGE_MAX_US } from "../../../core/time.ts";
import type { ChatQuestion } from "./chat_question.ts";
import { lineFrom, lineTimes } from "../../../core/scan/line_times.ts";

/** One minute of a channel in normal form. */
export interface ChatMinute {
  readonly minuteUs: Micros;
  /** Lines of canonical JSON. Never changed. */
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const UTF8 = new TextEncoder();
const UTF8_DECODER = new TextDecoder();

/**
 * The lines that `question` asks for, a minute at a time, from minutes in the order in which it
 * wants them. Pieces are whole lines with their line feeds, and never empty.
 */
export async function* chatLines(
  minutes: AsyncIterable<ChatMinute>,
  question: ChatQuestion,
): AsyncIterable<Uint8Array> {
  let left = question.limit;
  for await (const minute of minutes) {
    const isWhole = left === Infinity && !question.isReversed && question.format === "json" &&
      !mustBeRead(minute, question);
    if (isWhole) {
      if (minute.bytes.length > 0) yield minute.bytes;
      continue;
    }
    const lines = pickLines(minute, { ...question, limit: left });
    left -= lines.length;
    if (lines.length > 0) yield joined(lines);
    if (left <= 0) return;
  }
}

/** The same lines as one list in JSON. Nothing comes before the first lines are there. */
export async function* chatList(lines: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let before = OPEN_BRACKET;
  for await (const piece of lines) {
    // Canonical JSON has no line feed but at the end of a line: there go the commas.
    const list = new Uint8Array(piece.length);
    list[0] = before;
    list.set(piece.subarray(0, piece.length - 1), 1);
    for (let at = list.indexOf(LINE_FEED); at !== -1; at = list.indexOf(LINE_FEED, at + 1)) {
      list[at] = COMMA;
    }
    before = COMMA;
    yield list;
  }
  yield UTF8.encode(before === OPEN_BRACKET ? "[]" : "]");
}

/** Whether some line of the minute may be left out, so that each must be looked at. */
function mustBeRead({ minuteUs }: ChatMinute, question: ChatQuestion): boolean {
  const { startUs, endUs, users, commands } = question;
  return minuteUs < startUs || minuteUs + MINUTE_US > endUs || users.size > 0 || commands.size > 0;
}

function pickLines({ bytes }: ChatMinute, question: ChatQuestion): Uint8Array[] {
  const { format, isReversed, limit, startUs, endUs } = question;
  const index = lineTimes(bytes);
  const first = lineFrom(index, startUs - RANGE_MAX_US);
  const last = lineFrom(index, endUs) - 1;
  const step = isReversed ? -1 : 1;
  const picked: Uint8Array[] = [];
  for (let i = isReversed ? last : first; i >= first && i <= last; i += step) {
    if (picked.length >= limit) break;
    if (index.endUs[i]! < startUs) continue;
    const line = bytes.subarray(index.offsets[i], index.offsets[i + 1]);
    if (!isWanted(line, question)) continue;
    if (format === "json") picked.push(line);
    else picked.push(UTF8.encode(`${formatForPeople(parseCanonicalLine(line))}\n`));
  }
  return picked;
}

/** Whether the line is by one of the users and has one of the commands, if that is asked for. */
function isWanted(line: Uint8Array, { users, commands }: ChatQuestion): boolean {
  if (users.size === 0 && commands.size === 0) return true;
  // Reading the words is ten times as slow as finding out that none of them stands there at all.
  const text = UTF8_DECODER.decode(line);
  const lower = users.size === 0 ? "" : text.toLowerCase();
  if (users.size > 0 && !mayHold(lower, users)) return false;
  if (commands.size > 0 && !mayHold(text, commands)) return false;
  return meetsFilter(parseCanonicalLine(text), { users, commands, text: "" });
}

/** Whether one of the words may stand in a text of canonical JSON, which escapes some letters. */
function mayHold(text: string, words: ReadonlySet<string>): boolean {
  return [...words].some((word) => !isPlainText(word) || text.includes(word));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
