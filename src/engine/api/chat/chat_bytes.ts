import type { Message } from "../../../core/message.ts";
import { formatForPeople } from "../../../core/text/message_text.ts";
import { fromSeconds, type Micros, MINUTE_US } from "../../../core/time.ts";
import type { ChatQuestion } from "./chat_question.ts";

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

/** Whether some line of the minute may be left out, so that each must be looked into. */
function mustBeRead({ minuteUs }: ChatMinute, question: ChatQuestion): boolean {
  const { startUs, endUs, users, commands } = question;
  return minuteUs < startUs || minuteUs + MINUTE_US > endUs || users.size > 0 || commands.size > 0;
}

function pickLines(minute: ChatMinute, question: ChatQuestion): Uint8Array[] {
  const { format, isReversed, limit } = question;
  const isRead = mustBeRead(minute, question) || format === "text";
  const picked: Uint8Array[] = [];
  for (const line of linesOf(minute.bytes, isReversed)) {
    if (picked.length >= limit) break;
    if (!isRead) {
      picked.push(line);
      continue;
    }
    const message = JSON.parse(UTF8_DECODER.decode(line)) as Message;
    if (!isWanted(message, question)) continue;
    picked.push(format === "json" ? line : UTF8.encode(`${formatForPeople(message)}\n`));
  }
  return picked;
}

/** The lines of a batch with their line feeds, from the first on or from the last back. */
function* linesOf(bytes: Uint8Array, isReversed: boolean): Iterable<Uint8Array> {
  if (!isReversed) {
    for (let from = 0; from < bytes.length;) {
      const to = bytes.indexOf(LINE_FEED, from) + 1;
      yield bytes.subarray(from, to);
      from = to;
    }
    return;
  }
  for (let to = bytes.length; to > 0;) {
    // -2 would count from the end.
    const from = to < 2 ? 0 : bytes.lastIndexOf(LINE_FEED, to - 2) + 1;
    yield bytes.subarray(from, to);
    to = from;
  }
}

function isWanted(message: Message, question: ChatQuestion): boolean {
  const { startUs, endUs, users, commands } = question;
  const timeUs = fromSeconds(message.time);
  if (timeUs >= endUs || timeUs + fromSeconds(message.time_range) < startUs) return false;
  if (commands.size > 0 && !commands.has(message.command)) return false;
  return users.size === 0 || loginsOf(message).some((login) => users.has(login));
}

/** Who wrote a message, or whom Twitch names in one of its own. */
function loginsOf({ command, params, sender, user, tags }: Message): string[] {
  const logins = [sender, user].filter((each) => each !== null);
  const named = tags?.["login"];
  if (named !== undefined) logins.push(named);
  if (command === "CLEARCHAT" && params[1] !== undefined) logins.push(params[1]);
  return logins.map((each) => each.toLowerCase());
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
