import { filteredUser } from "../../../core/text/message_filter.ts";
import { HOUR_US, type Micros, TIME_END_US } from "../../../core/time.ts";
import type { ParameterNote } from "../route/api_route.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";

/** Which messages of a channel the caller wants, and in which form. */
export interface ChatQuery {
  /** Messages that may have been sent at or after this … */
  readonly startUs: Micros;
  /** … and before this. */
  readonly endUs: Micros;
  /** The stored lines of JSON, or one line of text a message. */
  readonly format: "json" | "text";
  /** At most this many messages. */
  readonly limit: number;
  /** Whether the last come first. */
  readonly isReversed: boolean;
  /** Names as a filter compares them; empty for all users. */
  readonly users: ReadonlySet<string>;
  /** Commands; empty for any. */
  readonly commands: ReadonlySet<string>;
}

/** What a route allows. */
export interface ChatQueryRules {
  /** Whether start and end are required, and at most 2 h apart. */
  readonly isBounded: boolean;
}

/** The longest range of a route that is bounded: 2 h. */
const RANGE_MAX_US = 2 * HOUR_US;

/** A query holds at most this many names. */
const NAMES_MAX = 100;

/** What the API's description says of the query. */
export function chatQueryNotes({ isBounded }: ChatQueryRules): ParameterNote[] {
  const time = { type: "string" };
  const flag = { type: "string", enum: ["true", "false"], default: "false" };
  const list = { type: "string" };
  const note = (name: string, description: string, schema: ParameterNote["schema"]) => ({
    name,
    description,
    schema,
  });
  const until = isBounded ? " At most 2 h after start" : " The end of time by default";
  return [
    {
      ...note("start", INSTANT_FORMS, time),
      isRequired: isBounded,
    },
    { ...note("end", `Messages sent before this.${until}`, time), isRequired: isBounded },
    note("format", "The stored lines of JSON, or one line of text a message", {
      type: "string",
      enum: ["json", "text"],
      default: "json",
    }),
    note("limit", "At most this many messages", { type: "integer", minimum: 1 }),
    note("reverse", "Whether the last messages come first", flag),
    note(
      "user",
      "Logins or display names, or ids as id:123, separated by commas: of authors, or of banned users",
      list,
    ),
    note("command", "IRC commands, separated by commas: PRIVMSG,USERNOTICE", list),
  ];
}

/** Parses the query of a request for chat, or says what is wrong with it. */
export function parseChatQuery(
  query: URLSearchParams,
  { isBounded }: ChatQueryRules,
): { readonly ok: true; readonly wanted: ChatQuery } | {
  readonly ok: false;
  readonly reason: string;
} {
  const refuse = (reason: string) => ({ ok: false, reason }) as const;
  const times: Record<"start" | "end", Micros> = { start: 0, end: TIME_END_US };
  for (const name of ["start", "end"] as const) {
    const text = query.get(name);
    if (text === null && isBounded) return refuse(`${name} is missing`);
    if (text === null) continue;
    const parsed = parseInstant(text);
    if (!parsed.ok) return refuse(`Invalid timestamp: ${name}: ${parsed.reason}`);
    times[name] = parsed.us;
  }
  if (times.end <= times.start) return refuse("End must be after start");
  if (isBounded && times.end - times.start > RANGE_MAX_US) {
    return refuse("Range may not be longer than 2 hours: chat.ndjson streams any");
  }
  const format = query.get("format") ?? "json";
  if (format !== "json" && format !== "text") return refuse("format must be one of: json, text");
  const reverse = query.get("reverse")?.toLowerCase() ?? "false";
  if (reverse !== "true" && reverse !== "false") {
    return refuse("reverse must be one of: true, false");
  }
  const limit = query.get("limit");
  if (limit !== null && !/^[1-9]\d{0,14}$/.test(limit)) {
    return refuse("limit must be a whole number above 0");
  }
  const named = parseNames(query);
  if (!named.ok) return named;
  return {
    ok: true,
    wanted: {
      startUs: times.start,
      endUs: times.end,
      format,
      limit: limit === null ? Infinity : Number(limit),
      isReversed: reverse === "true",
      ...named.names,
    },
  };
}

/** Parses the users and commands of a query, or says what is wrong with them. */
export function parseNames(
  query: URLSearchParams,
):
  | { readonly ok: true; readonly names: Pick<ChatQuery, "users" | "commands"> }
  | { readonly ok: false; readonly reason: string } {
  const users = namesOf(query, "user");
  const commands = namesOf(query, "command");
  if (users.length > NAMES_MAX || commands.length > NAMES_MAX) {
    return { ok: false, reason: `user and command take at most ${NAMES_MAX} names` };
  }
  return {
    ok: true,
    names: {
      users: new Set(users.map(filteredUser)),
      commands: new Set(commands.map((each) => each.toUpperCase())),
    },
  };
}

function namesOf(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).flatMap((text) => text.split(",")).map((each) => each.trim())
    .filter((each) => each !== "");
}
