import { isChannelName } from "../../../core/archive/archive_key.ts";
import { encodeBatch } from "../../../core/batch/batch.ts";
import { filteredUser } from "../../../core/text/message_filter.ts";
import { parseTextSearch, TEXT_SEARCH_FORM } from "../../../core/text/text_search.ts";
import { type Micros, SECOND_US, TIME_END_US } from "../../../core/time.ts";
import { ALL_TIME } from "../../logs/chat_log.ts";
import type { Room } from "../../logs/room_directory.ts";
import { searchRoom, type SearchTerm } from "../../logs/search_room.ts";
import { type ApiResponse, ASK_EACH_TIME, notFound, textResponse } from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE, type ParameterNote } from "../route/api_route.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";
import { indexUse } from "./index_use.ts";
import { type LogContext, Refusal } from "./log_context.ts";
import { countOf } from "./log_request.ts";
import { ScanTimeoutError } from "../../logs/scan_budget.ts";
import type { SearchLine } from "./search_line.ts";
import { compilePattern, formatCursor, parseCursor } from "./search_routes.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const TEXT_MAX_LENGTH = 1_000;
const TERMS_MAX = 30;
const NAMES_MAX = 20;
/** A page tells how far it came soon: the reader sees progress, and may stop. */
const PAGE_MAX_US = SECOND_US;

const NOTES: readonly ParameterNote[] = [
  note("q", `What a message must hold: ${TEXT_SEARCH_FORM}`),
  note("regex", "A regular expression in the syntax of RE2 instead, matched in any case"),
  note(
    "user",
    "Logins, display names, or ids as id:123, with commas: of authors, or of banned users",
  ),
  note("command", "IRC commands, separated by commas: PRIVMSG,CLEARCHAT; by default all"),
  note("start", `Messages from this time on: ${INSTANT_FORMS}`),
  note("end", "Messages before this time"),
  note("cursor", "Where the page before ended: its next"),
  {
    name: "limit",
    description: "At most this many messages",
    schema: { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
  },
];

function note(name: string, description: string): ParameterNote {
  return { name, description, schema: { type: "string" } };
}

/** The route under `/CHANNEL/search.json`: whole messages, for pages that show them as chat does. */
export function messageSearchRoute(context: LogContext, running: SearchLine): ApiRoute {
  return {
    method: "GET",
    path: "/:channel/search.json",
    audience: "readers",
    summary: "The messages of a channel that meet words, a pattern, a user or kinds, newest first.",
    pathNotes: [CHANNEL_NOTE],
    queryNotes: NOTES,
    responseNotes: [
      {
        status: 200,
        description: "A page of messages, newest first. It may be short or empty and have a next " +
          "one all the same: a search stops after about a second. All from `searched_from`, in " +
          "microseconds since 1970, on was searched. `index` is full where an index knows the range",
        type: "application/json",
        schema: {
          type: "object",
          required: ["next", "searched_from", "index", "messages"],
          properties: {
            next: { type: ["string", "null"] },
            searched_from: { type: "integer", minimum: 0 },
            index: { type: "string", enum: ["none", "partial", "full"] },
            messages: { type: "array", items: { type: "object" } },
          },
        },
      },
      {
        status: 400,
        description: "A parameter is invalid, or nothing is asked for",
        type: "text/plain",
      },
      { status: 403, description: "The channel has opted out", type: "text/plain" },
      { status: 404, description: "No channel can have that name", type: "text/plain" },
    ],
    async answer({ request, params }) {
      const { channel = "" } = params;
      if (!isChannelName(channel)) return notFound();
      try {
        return await answerSearch(channel, { request, context, running });
      } catch (error) {
        if (error instanceof Refusal) return textResponse(error.status, error.message);
        if (!(error instanceof ScanTimeoutError)) throw error;
        return textResponse(503, `${error.message}: ask for a shorter range`);
      }
    },
  };
}

async function answerSearch(
  channel: string,
  { request, context, running }: {
    readonly request: Request;
    readonly context: LogContext;
    readonly running: SearchLine;
  },
): Promise<ApiResponse> {
  const { log } = context;
  const { term, ...wanted } = await parseSearch(new URL(request.url).searchParams, context);
  const current = await log.rooms.byLogin(channel);
  if (current !== undefined && log.optOuts?.isChannelOptedOut(current.id) === true) {
    throw new Refusal(403, "The requested channel has opted out of being logged");
  }
  // All of the folder, as chat.ndjson gives it: a login may have had several rooms.
  const room: Room = { id: "", login: channel, spans: [{ channel, ...ALL_TIME }] };
  const page = await running.run(() =>
    searchRoom(log, room, { term, ...wanted, pageMaxUs: PAGE_MAX_US })
  );
  const untilUs = Math.max(page.searchedFromUs, wanted.untilUs);
  const canNarrow = wanted.users.size > 0 || "words" in term && term.words.length > 0;
  const head = {
    next: page.next === undefined ? null : formatCursor(page.next),
    searched_from: page.searchedFromUs,
    // No index knows patterns and kinds.
    index: canNarrow ? await indexUse(log, room, { fromUs: page.searchedFromUs, untilUs }) : "none",
  };
  const lines = page.lines.map(({ message }) => ASCII.decode(encodeBatch([message])).trimEnd());
  const body = `${JSON.stringify(head).slice(0, -1)},"messages":[\n${lines.join(",\n")}\n]}\n`;
  return {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": ASK_EACH_TIME },
    body: UTF8.encode(body),
  };
}

const UTF8 = new TextEncoder();
const ASCII = new TextDecoder("latin1");

async function parseSearch(query: URLSearchParams, { patterns }: LogContext) {
  const text = (name: string): string => {
    const given = query.get(name) ?? "";
    if (given.length <= TEXT_MAX_LENGTH) return given;
    throw new Refusal(400, `${name} may have at most ${TEXT_MAX_LENGTH} characters`);
  };
  const [q, regex] = [text("q"), text("regex")];
  const users = text("user").split(",").map(filteredUser).filter((name) => name !== "");
  const commands = text("command").toUpperCase().split(",").map((each) => each.trim())
    .filter((each) => each !== "");
  if (q !== "" && regex !== "") throw new Refusal(400, "Only one of q and regex may be there");
  if (q.trim() === "" && regex === "" && users.length === 0 && commands.length === 0) {
    throw new Refusal(400, "One of q, regex, user and command is needed");
  }
  if (users.length > NAMES_MAX || commands.length > NAMES_MAX) {
    throw new Refusal(400, `user and command take at most ${NAMES_MAX} names`);
  }
  const limit = countOf(query, "limit") ?? LIMIT_DEFAULT;
  if (limit < 1 || limit > LIMIT_MAX) {
    throw new Refusal(400, `limit must be from 1 to ${LIMIT_MAX}`);
  }
  const term: SearchTerm = regex === ""
    ? parseTextSearch(q)
    : { matches: await compilePattern(regex, patterns) };
  if ("words" in term && term.words.length + term.phrases.length > TERMS_MAX) {
    throw new Refusal(400, `q may hold at most ${TERMS_MAX} words`);
  }
  const cursor = query.get("cursor") ?? "";
  return {
    term,
    limit,
    users: new Set(users),
    commands: commands.length === 0 ? ALL_COMMANDS : new Set(commands),
    fromUs: timeOf(query, "start") ?? 0,
    untilUs: timeOf(query, "end") ?? TIME_END_US,
    cursor: cursor === "" ? undefined : parseCursor(cursor),
  };
}

/** Holds every command. */
const ALL_COMMANDS: Pick<ReadonlySet<string>, "has"> = { has: () => true };

function timeOf(query: URLSearchParams, name: string): Micros | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Refusal(400, `${name} must be a time: ${parsed.reason}`);
  return parsed.us;
}
