import type { LogDialect } from "../../../core/logs/format_log.ts";
import { type Micros, MILLISECOND_US, SECOND_US, TIME_END_US } from "../../../core/time.ts";
import type { TimeSpan } from "../../logs/minute_finder.ts";
import type { ParameterNote } from "../route/api_route.ts";
import { Refusal } from "./log_context.ts";

/** In which form lines are wanted, and how many. */
export interface LogForm {
  readonly format: "raw" | "json" | "jsonBasic" | "ndjson" | "text";
  /** Newest first. */
  readonly isReversed: boolean;
  /** At most this many lines … */
  readonly limit: number;
  /** … after this many. */
  readonly offset: number;
}

const flag = (name: string, description: string): ParameterNote => ({
  name,
  description: `${description}. Its value does not matter`,
  schema: { type: "string" },
});
const count = (name: string, description: string): ParameterNote => ({
  name,
  description,
  schema: { type: "integer", minimum: 0 },
});

/** What the API's description says of the form of lines. */
export const FORM_NOTES: readonly ParameterNote[] = [
  flag("raw", "Lines of IRC"),
  flag("jsonBasic", "A list of small objects"),
  flag("json", "A list of objects"),
  flag("ndjson", "A small object a line"),
  flag("reverse", "Newest first"),
  count("limit", "At most this many lines"),
  count("offset", "Leave out this many lines at first"),
];

/** What the API's description says of ranges. */
export const RANGE_NOTES: readonly ParameterNote[] = ["from", "to"].map((name) => ({
  name,
  description: `${name === "from" ? "Lines from this time on" : "Lines before this time"}: ` +
    "RFC 3339, or seconds since 1970. Counts only if both are there",
  schema: { type: "string" },
}));

/** The form of lines that a request wants. @throws {Refusal} when a parameter is invalid. */
export function formOf(request: Request, api: LogDialect): LogForm {
  const query = new URL(request.url).searchParams;
  const isReversed = query.has("reverse");
  if (api === "justlog") {
    const type = query.get("type");
    const isJson = query.has("json") || type === "json" ||
      request.headers.get("content-type") === "application/json";
    const format = isJson ? "json" : query.has("raw") || type === "raw" ? "raw" : "text";
    return { format, isReversed, limit: Infinity, offset: 0 };
  }
  const format = (["raw", "jsonBasic", "json", "ndjson"] as const).find((each) => query.has(each));
  return {
    format: format ?? "text",
    isReversed,
    limit: countOf(query, "limit") ?? Infinity,
    offset: countOf(query, "offset") ?? 0,
  };
}

/** A whole number in the query. @throws {Refusal} when it is none. */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,20}$/.test(text)) {
    throw new Refusal(400, `Invalid param: ${name} must be a whole number`);
  }
  return Number(text);
}

// justlog's longest ranges.
const CHANNEL_RANGE_MAX_US = 24 * 3_600 * SECOND_US;
const USER_RANGE_MAX_US = 744 * 3_600 * SECOND_US;

/**
 * The range of a request; `undefined` if it names none. rustlog's needs both ends and has no second; justlog's has
 * both, and now for a missing one.
 *
 * @throws {Refusal} when an end is no time, or justlog's range is too long.
 */
export function rangeOf(
  request: Request,
  { api, nowUs, isOfUser }: {
    readonly api: LogDialect;
    readonly nowUs: Micros;
    readonly isOfUser: boolean;
  },
): TimeSpan | undefined {
  const query = new URL(request.url).searchParams;
  const [from, to] = [query.get("from"), query.get("to")];
  if (api === "rustlog") {
    const [fromUs, untilUs] = [from, to].map((text) => text === null ? undefined : instantOf(text));
    return fromUs === undefined || untilUs === undefined ? undefined : { fromUs, untilUs };
  }
  if (from === null && to === null) return undefined;
  const end = (text: string | null) => text === null || text === "" ? nowUs : instantOf(text, api);
  const span = { fromUs: end(from), untilUs: end(to) + SECOND_US };
  const lengthUs = span.untilUs - SECOND_US - span.fromUs;
  if (lengthUs > (isOfUser ? USER_RANGE_MAX_US : CHANNEL_RANGE_MAX_US)) {
    throw new Refusal(404, "could not load logs");
  }
  return span;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** A time in one of the two forms that clients send. @throws {Refusal} when it is none. */
export function instantOf(text: string, api: LogDialect = "rustlog"): Micros {
  const us = /^\d{1,10}$/.test(text) ? Number(text) * SECOND_US : readRfc3339(text);
  if (us !== undefined && us >= 0 && us <= TIME_END_US) return us;
  if (api === "justlog") throw new Refusal(404, "could not load logs");
  throw new Refusal(400, "Invalid param: a time must look like 2026-08-01T12:00:00Z");
}

function readRfc3339(text: string): Micros | undefined {
  const [, day, time, fraction = "", zone = ""] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  return ms * MILLISECOND_US + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

/** A number in a path, with or without zeros in front. @throws {Refusal} when it is none. */
export function numberOf(text: string, api: LogDialect): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (api === "justlog") throw new Refusal(404, "could not load logs");
  const why = text === ""
    ? "cannot parse integer from empty string"
    : "invalid digit found in string";
  throw new Refusal(400, `Int parse error: ${why}`);
}

/** The day or month of a calendar. @throws {Refusal} when there is none of that name. */
export function calendarSpan(
  [year, month, day]: readonly [number, number, number?],
  api: LogDialect,
): TimeSpan {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day ?? 1);
  const fromUs = date.getTime() * MILLISECOND_US;
  const isThere = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === (day ?? 1);
  if (!isThere || fromUs < 0 || fromUs > TIME_END_US) {
    throw new Refusal(
      api === "justlog" ? 404 : 400,
      api === "justlog" ? "could not load logs" : "Invalid param: Invalid date",
    );
  }
  if (day === undefined) date.setUTCMonth(month);
  else date.setUTCDate(day + 1);
  return { fromUs, untilUs: date.getTime() * MILLISECOND_US };
}
