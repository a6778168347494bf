import { COMMA, concatBytes, LINE_FEED } from "../../../core/bytes.ts";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseCanonicalLine } from "../../../core/scan/canonical_line.ts";
import { firstLineFrom, lineEnd, lineStart, lineTime } from "../../../core/scan/line_time.ts";
import { meetsFilter } from "../../../core/text/message_filter.ts";
import { isPlainText } from "../../../core/json/canonical_json.ts";
import { formatText } from "../../../core/batch/message_text.ts";
import { type Micros, MINUTE_US, RANGE_MAX_US } from "../../../core/time.ts";
import type { ChatQuery } from "./chat_query.ts";
import type { MinuteSpan } from "../../read/minute_closure.ts";
import type { WorkBreaks } from "../../read/work_breaks.ts";

/** One minute of a channel in normal form. */
export interface ChatMinute {
  readonly minuteUs: Micros;
  /** Lines of canonical JSON. Never changed. */
  readonly bytes: Uint8Array;
  /** See `ReadMinute`. */
  readonly key?: ArchiveKey | undefined;
  /** See `ReadMinute`. */
  readonly decidedBy?: MinuteSpan | undefined;
}

/** How much is copied for one reader at a time. */
const SLICE_BYTES = 128 * 1024;
const UTF8 = new TextEncoder();
const UTF8_DECODER = new TextDecoder();

/**
 * The lines that `wanted` selects, a minute at a time, from minutes in the order of
 * the request. Chunks are whole lines with their line feeds, and never empty: a whole minute, whose
 * bytes are shared with other readers, or about 128 KiB of one. Takes `breaks` from picking lines.
 */
export async function* chatLines(
  minutes: AsyncIterable<ChatMinute>,
  wanted: ChatQuery,
  breaks: WorkBreaks,
): AsyncIterable<Uint8Array> {
  const picker = new LinePicker(wanted, breaks);
  for await (const minute of minutes) {
    const isWhole = wanted.limit === Infinity && !wanted.isReversed &&
      wanted.format === "json" && !mustBeRead(minute, wanted);
    if (isWhole) {
      if (minute.bytes.length > 0) yield minute.bytes;
      continue;
    }
    yield* picker.pick(minute);
    if (picker.left <= 0) return;
  }
}

/**
 * The same lines as one list in JSON. Nothing comes before the first lines are there. A long chunk
 * is handed on in slices of bytes that all readers of the chunk share.
 */
export async function* chatList(lines: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let before = "[";
  for await (const piece of lines) {
    yield UTF8.encode(before);
    const list = listOf(piece);
    for (let from = 0; from < list.length; from += SLICE_BYTES) {
      yield list.subarray(from, from + SLICE_BYTES);
    }
    before = ",";
  }
  yield UTF8.encode(before === "[" ? "[]" : "]");
}

/**
 * What lines are in a list, without brackets, by those lines. Held by the answers that are on their
 * way: many readers ask for the same minute at the same time, and a form that none needs is garbage.
 */
const LISTS = new WeakMap<Uint8Array, WeakRef<Uint8Array>>();

/** Canonical JSON has line feeds at the ends of lines only: commas replace all but the last. */
function listOf(lines: Uint8Array): Uint8Array {
  const known = LISTS.get(lines)?.deref();
  if (known !== undefined) return known;
  const list = lines.slice(0, -1);
  for (let at = list.indexOf(LINE_FEED); at !== -1; at = list.indexOf(LINE_FEED, at + 1)) {
    list[at] = COMMA;
  }
  LISTS.set(lines, new WeakRef(list));
  return list;
}

/** Whether the query may leave out a line of the minute, so that each must be checked. */
function mustBeRead({ minuteUs }: ChatMinute, wanted: ChatQuery): boolean {
  const { startUs, endUs, users, commands } = wanted;
  return minuteUs < startUs || minuteUs + MINUTE_US > endUs || users.size > 0 || commands.size > 0;
}

/** Picks the lines of minute after minute that a query selects. */
class LinePicker {
  readonly #wanted: ChatQuery;
  readonly #breaks: WorkBreaks;
  /** How many more lines are wanted. */
  left: number;

  constructor(wanted: ChatQuery, breaks: WorkBreaks) {
    this.#wanted = wanted;
    this.#breaks = breaks;
    this.left = wanted.limit;
  }

  /** The lines of one minute, some at a time. */
  async *pick({ bytes }: ChatMinute): AsyncIterable<Uint8Array> {
    const { isReversed, startUs, endUs } = this.#wanted;
    this.#breaks.begin();
    const first = firstLineFrom(bytes, startUs - RANGE_MAX_US);
    const end = firstLineFrom(bytes, endUs);
    // A line before this one may hang over.
    const inside = firstLineFrom(bytes, startUs);
    let picked: Uint8Array[] = [];
    let pickedBytes = 0;
    for (let at = isReversed ? end : first; isReversed ? at > first : at < end;) {
      if (this.left <= 0) break;
      if (this.#breaks.isDue) await this.#breaks.take();
      const from = isReversed ? lineStart(bytes, at - 1) : at;
      const line = bytes.subarray(from, isReversed ? at : lineEnd(bytes, at));
      at = isReversed ? from : from + line.length;
      if (from < inside && lineTime(line).endUs < startUs) continue;
      if (!isWanted(line, this.#wanted)) continue;
      const answer = this.#answerOf(line);
      picked.push(answer);
      pickedBytes += answer.length;
      this.left--;
      if (pickedBytes < SLICE_BYTES) continue;
      yield concatBytes(picked);
      this.#breaks.begin();
      picked = [];
      pickedBytes = 0;
    }
    if (picked.length > 0) yield concatBytes(picked);
  }

  #answerOf(line: Uint8Array): Uint8Array {
    if (this.#wanted.format === "json") return line;
    return UTF8.encode(`${formatText(parseCanonicalLine(line))}\n`);
  }
}

/** Whether the line is by one of the users and has one of the commands, where the query names any. */
function isWanted(line: Uint8Array, { users, commands }: ChatQuery): boolean {
  if (users.size === 0 && commands.size === 0) return true;
  // Parsing the line is ten times as slow as finding that it contains none of the words.
  const text = UTF8_DECODER.decode(line);
  const lower = users.size === 0 ? "" : text.toLowerCase();
  if (users.size > 0 && !mayHold(lower, new Set([...users].map(bareId)))) return false;
  if (commands.size > 0 && !mayHold(text, commands)) return false;
  return meetsFilter(parseCanonicalLine(text), { users, commands, text: "" });
}

/** An id stands in a line without the `id:` that tells it from names. */
function bareId(user: string): string {
  return user.startsWith("id:") ? user.slice(3) : user;
}

/** Whether one of the words may stand in a text of canonical JSON, which escapes some letters. */
function mayHold(text: string, words: ReadonlySet<string>): boolean {
  return [...words].some((word) => !isPlainText(word) || text.includes(word));
}
