import { wordsOf } from "../../../core/text/fold_words.ts";
import { TIME_END_US } from "../../../core/time.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { SearchCursor, SearchTerm } from "../../logs/search_room.ts";
import { searchRooms } from "../../logs/search_rooms.ts";
import type { Room } from "../../logs/room_directory.ts";
import type { ApiResponse } from "../route/api_response.ts";
import type { ApiRoute, ParameterNote } from "../route/api_route.ts";
import { answerLines, LOG_NOTES } from "./answer_log.ts";
import { indexUse } from "./index_use.ts";
import { type LogContext, logRoute, Refusal } from "./log_context.ts";
import { countOf, FORM_NOTES, formOf, instantOf } from "./log_request.ts";
import type { SearchLine } from "./search_line.ts";
import { askedChannel, CHANNEL_NOTES, CHANNEL_PATH, findRoom } from "./log_subject.ts";

/** The header with the cursor of the next page. */
const NEXT_HEADER = "x-chatloom-next";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const WORDS_MAX = 20;
const ROOMS_MAX = 20;

const TERM_NOTES: readonly ParameterNote[] = [
  text("q", "Words, all of which a message must hold, in any order and case"),
  text("regex", "A regular expression in the syntax of RE2 instead, matched in any case"),
  text("from", "Lines from this time on: RFC 3339, or seconds since 1970"),
  text("to", "Lines before this time"),
  text("cursor", `Where the page before ended: its next, or its header ${NEXT_HEADER}`),
  {
    name: "limit",
    description: "At most this many lines",
    schema: { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
  },
  ...FORM_NOTES.filter(({ name }) => !["reverse", "limit", "offset"].includes(name)),
];

function text(name: string, description: string): ParameterNote {
  return { name, description, schema: { type: "string" } };
}

const PAGE_NOTE = "A page of lines, newest first. A page may be short or empty and have a next " +
  "one all the same: a search stops after some seconds. ";

/** The routes that search one channel, or several. */
export function searchRoutes(context: LogContext, running: SearchLine): ApiRoute[] {
  const responseNotes = LOG_NOTES.map((note) => ({
    ...note,
    description: `${PAGE_NOTE}${note.description}`,
  }));
  const several = logRoute(context, {
    path: "/search",
    summary: "The same in several channels, if the operator has switched this on.",
    queryNotes: [
      { ...text("channel", "A channel's login; may be there several times"), isRequired: true },
      ...TERM_NOTES,
    ],
    responseNotes,
    answer: async (routed) => {
      const wanted = await parseSearch(routed.request, context);
      const names = new Set(new URL(routed.request.url).searchParams.getAll("channel"));
      if (names.size === 0) throw new Refusal(400, "Invalid param: channel is missing");
      if (names.size > ROOMS_MAX) {
        throw new Refusal(400, `Invalid param: at most ${ROOMS_MAX} channels`);
      }
      const rooms = new Set<Room>();
      for (const name of names) rooms.add(await findRoom(context, { kind: "login", name }));
      return await answerSearch(context, [...rooms], { ...wanted, ...routed, running });
    },
  });
  return [
    logRoute(context, {
      path: `${CHANNEL_PATH}/search`,
      summary: "The lines of a channel that hold words or match a pattern, newest first.",
      pathNotes: CHANNEL_NOTES,
      queryNotes: TERM_NOTES,
      responseNotes,
      answer: async (routed) => {
        const wanted = await parseSearch(routed.request, context);
        const room = await findRoom(context, askedChannel(routed.params));
        return await answerSearch(context, [room], { ...wanted, ...routed, running });
      },
    }),
    ...(context.crossChannelSearch === true ? [several] : []),
  ];
}

interface WantedSearch {
  readonly term: SearchTerm;
  readonly limit: number;
  readonly fromUs: number;
  readonly untilUs: number;
  readonly cursor: SearchCursor | undefined;
}

async function parseSearch(
  { url }: Request,
  { patterns, api }: LogContext,
): Promise<WantedSearch> {
  const query = new URL(url).searchParams;
  const limit = countOf(query, "limit") ?? LIMIT_DEFAULT;
  if (limit < 1 || limit > LIMIT_MAX) {
    throw new Refusal(400, `Invalid param: limit must be from 1 to ${LIMIT_MAX}`);
  }
  const [from, to, cursor] = [query.get("from"), query.get("to"), query.get("cursor")];
  return {
    term: await termOf(query, patterns),
    limit,
    fromUs: from === null ? 0 : instantOf(from, api),
    untilUs: to === null ? TIME_END_US : instantOf(to, api),
    cursor: cursor === null || cursor === "" ? undefined : parseCursor(cursor),
  };
}

async function termOf(
  query: URLSearchParams,
  patterns: LogContext["patterns"],
): Promise<SearchTerm> {
  const [q, regex] = [query.get("q") ?? "", query.get("regex") ?? ""];
  if ((q === "") === (regex === "")) {
    throw new Refusal(400, "Invalid param: one of q and regex is needed");
  }
  if (q !== "") {
    const words = wordsOf(q);
    if (words.length === 0) throw new Refusal(400, "Invalid param: q holds no word");
    if (words.length > WORDS_MAX) {
      throw new Refusal(400, `Invalid param: q holds more than ${WORDS_MAX} words`);
    }
    return { words, phrases: [] };
  }
  return { matches: await compilePattern(regex, patterns) };
}

/** A test for a pattern. @throws {Refusal} when it is none that can be matched in linear time. */
export async function compilePattern(
  regex: string,
  patterns: LogContext["patterns"],
): Promise<(text: string) => boolean> {
  if (patterns === undefined) throw new Refusal(400, "Invalid param: regex is not taken here");
  try {
    return await patterns.compile(regex);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal(400, `Invalid param: regex: ${error.message.replaceAll("\n", " ")}`);
  }
}

/** A cursor as callers send it back. */
export function formatCursor({ us, mark }: SearchCursor): string {
  return `${us}-${mark}`;
}

/** Reads the cursor of a page. @throws {Refusal} when it is none. */
export function parseCursor(written: string): SearchCursor {
  const [, us, mark = ""] = /^(\d{1,16})-([a-z0-9]{0,7})$/.exec(written) ?? [];
  if (us === undefined) throw new Refusal(400, "Invalid param: cursor is none of a page");
  return { us: Number(us), mark };
}

async function answerSearch(
  context: LogContext,
  rooms: readonly Room[],
  { request, running, ...wanted }: WantedSearch & Pick<RoutedRequest, "request"> & {
    readonly running: SearchLine;
  },
): Promise<ApiResponse> {
  const form = formOf(request, context.api);
  const page = await running.run(() => searchRooms(context.log, rooms, wanted));
  const next = page.next && formatCursor(page.next);
  async function* lines() {
    yield page.lines;
  }
  // Rooms together: a minute is listened to if it is in any of them.
  const together: Room = { ...rooms[0]!, spans: rooms.flatMap(({ spans }) => spans) };
  const untilUs = Math.min(wanted.untilUs, wanted.cursor?.us ?? Infinity);
  const span = { fromUs: page.searchedFromUs, untilUs: Math.max(page.searchedFromUs, untilUs) };
  return await answerLines(context, together, lines(), {
    form,
    span,
    // No index knows patterns.
    index: "words" in wanted.term ? await indexUse(context.log, together, span) : "none",
    cacheControl: "no-cache",
    headers: next === undefined ? {} : { [NEXT_HEADER]: next },
    fields: {
      next: next ?? null,
      searchedFrom: new Date(page.searchedFromUs / 1_000).toISOString(),
    },
  });
}
