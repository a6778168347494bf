import { LOGGED_COMMANDS } from "../../../core/logs/log_fields.ts";
import { foldText } from "../../../core/text/fold_words.ts";
import { searchedText } from "../../../core/text/message_filter.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { ALL_TIME } from "../../logs/chat_log.ts";
import { dayOf, type LogRules, monthOf } from "../../logs/log_days.ts";
import type { ApiResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";
import { answerQuery, LOG_NOTES } from "./answer_log.ts";
import { type LogContext, logRoute, nothingThere, pathNote, Refusal } from "./log_context.ts";
import { calendarSpan, FORM_NOTES, formOf, numberOf, RANGE_NOTES, rangeOf } from "./log_request.ts";
import {
  askedChannel,
  askedUser,
  CHANNEL_NOTES,
  CHANNEL_PATH,
  findPerson,
  findRoom,
  USER_NOTES,
  USER_PATH,
} from "./log_subject.ts";

const YEAR = pathNote("year", "A year, as 2026");
const MONTH = pathNote("month", "A month: 8 and 08 are the same");
const DAY = pathNote("day", "A day of the month, in UTC");

const REDIRECT = (status: number, where: string) => ({
  status,
  description: `The newest ${where} that has lines, with the same query`,
});

/** Which lines a dialect's logs hold. */
export function rulesOf({ api }: Pick<LogContext, "api">): LogRules {
  if (api === "rustlog") return { commands: LOGGED_COMMANDS, countsGifts: false };
  const commands = new Set([...LOGGED_COMMANDS].filter((each) => each !== "CLEARMSG"));
  return { commands, countsGifts: true };
}

/**
 * The routes that give lines of a channel, or of a user in a channel. A router must try them after all that are below
 * a user's path: `/channel/C/user/U/random` looks like a day.
 */
export function logRoutes(context: LogContext): ApiRoute[] {
  const { api } = context;
  const redirect = api === "rustlog" ? 303 : 302;
  const queryNotes = [...FORM_NOTES, ...(api === "rustlog" ? [] : RANGE_NOTES)];
  return [
    logRoute(context, {
      path: CHANNEL_PATH,
      summary: "The lines of a channel in a range, or the way to its newest day.",
      pathNotes: CHANNEL_NOTES,
      queryNotes: [...RANGE_NOTES, ...FORM_NOTES],
      responseNotes: [...LOG_NOTES, REDIRECT(redirect, "day")],
      answer: (routed) => answerChannel(context, routed),
    }),
    logRoute(context, {
      path: USER_PATH,
      summary: "The lines of a user in a range, or the way to the user's newest month.",
      pathNotes: USER_NOTES,
      queryNotes: [...RANGE_NOTES, ...FORM_NOTES],
      responseNotes: [...LOG_NOTES, REDIRECT(redirect, "month")],
      answer: (routed) => answerUser(context, routed),
    }),
    logRoute(context, {
      path: `${USER_PATH}/:year/:month`,
      summary: "The lines of a user in a month, and the bans and deletions of the user.",
      pathNotes: [...USER_NOTES, YEAR, MONTH],
      queryNotes,
      responseNotes: LOG_NOTES,
      answer: (routed) => answerMonth(context, routed),
    }),
    logRoute(context, {
      path: `${USER_PATH}/search`,
      summary: "The lines of a user that hold a text, of all time.",
      pathNotes: USER_NOTES,
      queryNotes: [
        {
          name: "q",
          description: "The text, in any case",
          isRequired: true,
          schema: { type: "string" },
        },
        ...FORM_NOTES,
      ],
      responseNotes: LOG_NOTES,
      answer: (routed) => answerUserSearch(context, routed),
    }),
    logRoute(context, {
      path: `${CHANNEL_PATH}/:year/:month/:day`,
      summary: "The lines of a day of a channel.",
      pathNotes: [...CHANNEL_NOTES, YEAR, MONTH, DAY],
      queryNotes,
      responseNotes: LOG_NOTES,
      answer: (routed) => answerDay(context, routed),
    }),
  ];
}

async function answerChannel(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { api, log, days } = context;
  const { request, params } = routed;
  const room = await findRoom(context, askedChannel(params));
  const nowUs = log.clock.wallUs();
  // justlog always leads to a day, whose path then takes the range.
  const span = api === "justlog" ? undefined : rangeOf(request, { api, nowUs, isOfUser: false });
  if (span !== undefined) {
    const form = formOf(request, api);
    return await answerQuery(context, routed, room, { ...rulesOf(context), ...span, form });
  }
  const dayUs = api === "justlog"
    ? dayOf(nowUs).fromUs
    : await days.newestDay(room, rulesOf(context));
  if (dayUs === undefined) throw nothingThere(context);
  return redirectTo(routed, context, new Date(dayUs / 1_000), "day");
}

async function answerUser(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { api, log, days } = context;
  const { request, params } = routed;
  const room = await findRoom(context, askedChannel(params));
  const signal = callerSignal(routed);
  const person = await findPerson(context, room, askedUser(params), { signal });
  const nowUs = log.clock.wallUs();
  const span = api === "justlog" ? undefined : rangeOf(request, { api, nowUs, isOfUser: true });
  const rules = { ...rulesOf(context), signal };
  if (span !== undefined) {
    return await answerQuery(context, routed, room, {
      ...rules,
      ...span,
      person,
      form: formOf(request, api),
    });
  }
  for await (const monthUs of days.months(room, person, rules)) {
    return redirectTo(routed, context, new Date(monthUs / 1_000), "month");
  }
  if (api === "rustlog") throw nothingThere(context);
  return redirectTo(routed, context, new Date(monthOf(nowUs).fromUs / 1_000), "month");
}

async function answerDay(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { request, params } = routed;
  const { api, log } = context;
  const [year, month, day] = ["year", "month", "day"].map((name) => numberOf(params[name]!, api));
  const daySpan = calendarSpan([year!, month!, day!], api);
  const room = await findRoom(context, askedChannel(params));
  const range = { api, nowUs: log.clock.wallUs(), isOfUser: false };
  const span = (api === "justlog" ? rangeOf(request, range) : undefined) ?? daySpan;
  const form = formOf(request, api);
  return await answerQuery(context, routed, room, { ...rulesOf(context), ...span, form });
}

async function answerMonth(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { request, params } = routed;
  const { api, log } = context;
  const [year, month] = ["year", "month"].map((name) => numberOf(params[name]!, api));
  const monthSpan = calendarSpan([year!, month!], api);
  const room = await findRoom(context, askedChannel(params));
  const signal = callerSignal(routed);
  const person = await findPerson(context, room, askedUser(params), { signal });
  const range = { api, nowUs: log.clock.wallUs(), isOfUser: true };
  const span = (api === "justlog" ? rangeOf(request, range) : undefined) ?? monthSpan;
  const form = formOf(request, api);
  return await answerQuery(context, routed, room, { ...rulesOf(context), ...span, person, form });
}

async function answerUserSearch(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { request, params } = routed;
  const text = new URL(request.url).searchParams.get("q") ?? "";
  if (text === "") throw new Refusal(400, "Invalid param: q is missing");
  const form = formOf(request, context.api);
  const room = await findRoom(context, askedChannel(params));
  const signal = callerSignal(routed);
  const person = await findPerson(context, room, askedUser(params), { signal });
  const folded = foldText(text);
  return await answerQuery(context, routed, room, {
    ...rulesOf(context),
    ...ALL_TIME,
    person,
    form,
    accepts: (message) => foldText(searchedText(message)).includes(folded),
  });
}

/** Leads to a day or month below the same path, with the same query. */
function redirectTo(
  { request, params }: RoutedRequest,
  { api }: LogContext,
  date: Date,
  to: "day" | "month",
): ApiResponse {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const { channelKind, channel, userKind, user } = params;
  const words = [channelKind!, channel!, ...(to === "month" ? [userKind!, user!] : [])];
  const numbers = to === "month" ? [year, month] : [year, month, day];
  const path = [...words.map(encodeURIComponent), ...numbers].join("/");
  return {
    status: api === "rustlog" ? 303 : 302,
    headers: { location: `/${path}${new URL(request.url).search}`, "cache-control": "no-cache" },
    body: new Uint8Array(),
  };
}
