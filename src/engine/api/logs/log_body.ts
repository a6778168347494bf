import {
  formatLogJson,
  formatLogRaw,
  formatLogText,
  type LogDialect,
} from "../../../core/logs/format_log.ts";
import type { LogLine } from "../../logs/pick_lines.ts";
import type { LogForm } from "./log_request.ts";

/** How many letters of lines are encoded at a time. */
const CHUNK_LETTERS = 64 * 1024;

const UTF8 = new TextEncoder();

/** A log in the form that was asked for. */
export interface LogBodyOptions extends Pick<LogForm, "format"> {
  readonly api: LogDialect;
  /** Further fields of an answer in JSON, which are there once all lines are sent. */
  readonly moreFields: () => Promise<Readonly<Record<string, unknown>>>;
}

/** The media type of a log. */
export function logType({ format, api }: Pick<LogBodyOptions, "format" | "api">): string {
  if (format === "ndjson") return "application/x-ndjson";
  if (format === "raw" || format === "text") return "text/plain; charset=utf-8";
  return api === "justlog" ? "application/json; charset=utf-8" : "application/json";
}

/** Lines in the form that was asked for, some at a time. Memory does not grow with their number. */
export async function* logBody(
  lines: AsyncIterable<readonly LogLine[]>,
  { format, api, moreFields }: LogBodyOptions,
): AsyncGenerator<Uint8Array> {
  const isList = format === "json" || format === "jsonBasic";
  const lineEnd = api === "justlog" ? "\n" : "\r\n";
  const write = writerOf(format, api);
  let text = isList ? '{"messages":[' : "";
  let [isFirst, isBegun] = [true, false];
  for await (const batch of lines) {
    for (const { message } of batch) {
      const one = write(message);
      // A client that splits plain text takes the end behind the last line for granted; between objects it does not.
      if (isList) text += isFirst ? one : `,${one}`;
      else if (format === "ndjson") text += isFirst ? one : `${lineEnd}${one}`;
      else text += `${one}${lineEnd}`;
      isFirst = false;
      if (text.length < CHUNK_LETTERS) continue;
      yield UTF8.encode(text);
      [text, isBegun] = ["", true];
    }
    // The first lines leave at once: those after them may have to be looked for.
    if (isBegun || text === "") continue;
    yield UTF8.encode(text);
    [text, isBegun] = ["", true];
  }
  if (isList) text += `]${formatFields(await moreFields())}}`;
  if (text !== "") yield UTF8.encode(text);
}

function writerOf(format: LogForm["format"], dialect: LogDialect) {
  switch (format) {
    case "raw":
      return (message: LogLine["message"]) => formatLogRaw(message, dialect);
    case "text":
      return (message: LogLine["message"]) => formatLogText(message, dialect);
    default: {
      const detail = format === "json" ? "full" : "basic";
      return (message: LogLine["message"]) => formatLogJson(message, { dialect, detail });
    }
  }
}

/** Fields of an object behind its first one. */
function formatFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`).join("");
}

/** At most `limit` lines, behind the first `offset` ones. */
export async function* sliceLines(
  lines: AsyncIterable<readonly LogLine[]>,
  { limit, offset }: Pick<LogForm, "limit" | "offset">,
): AsyncGenerator<readonly LogLine[]> {
  let [skip, left] = [offset, limit];
  if (left <= 0) return;
  for await (const batch of lines) {
    const some = batch.slice(Math.min(skip, batch.length)).slice(0, left);
    skip = Math.max(0, skip - batch.length);
    left -= some.length;
    if (some.length > 0) yield some;
    if (left <= 0) return;
  }
}
