import type { Micros } from "../../../core/time.ts";
import { randomLine } from "../../logs/random_line.ts";
import { countPerson, countRoom, loginsOf } from "../../logs/log_counts.ts";
import { ALL_TIME } from "../../logs/chat_log.ts";
import { dayOf } from "../../logs/log_days.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { type ApiResponse, jsonResponse } from "../route/api_response.ts";
import type { ApiRoute, ResponseNote } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";
import { answerLines, LOG_NOTES } from "./answer_log.ts";
import { INDEX_HEADER, INDEX_NOTE, type IndexUse, indexUse } from "./index_use.ts";
import {
  capabilities,
  type LogContext,
  logRoute,
  nothingThere,
  pathNote,
  Refusal,
} from "./log_context.ts";
import { FORM_NOTES, formOf, RANGE_NOTES, rangeOf } from "./log_request.ts";
import { rulesOf } from "./log_routes.ts";
import {
  askedChannel,
  type AskedName,
  askedUser,
  CHANNEL_NOTES,
  CHANNEL_PATH,
  findPerson,
  findRoom,
  USER_NOTES,
  USER_PATH,
} from "./log_subject.ts";

const object = (properties: Record<string, unknown>) => ({
  type: "object",
  required: Object.keys(properties),
  properties,
});
const TEXT = { type: "string" };
const COUNT = { type: "integer", minimum: 0 };
const LOGIN = { type: ["string", "null"] };

function json(description: string, schema: ResponseNote["schema"]): ResponseNote[] {
  return [{ status: 200, description, type: "application/json", schema: schema! }];
}

const query = (name: string, description: string) => ({ name, description, schema: TEXT });

/** The routes that list what there is, count, or pick a line. */
export function listRoutes(context: LogContext): ApiRoute[] {
  const { api, nameHistory } = context;
  const routes = [
    logRoute(context, {
      path: "/channels",
      summary: "The channels of the archive, by their newest login.",
      responseNotes: json(
        "name is the login, userID the room's id",
        object({ channels: { type: "array", items: object({ name: TEXT, userID: TEXT }) } }),
      ),
      refusals: [],
      answer: () => answerChannels(context),
    }),
    logRoute(context, {
      path: "/list",
      summary: "The days of a channel that have lines, or the months of a user; newest first.",
      queryNotes: [
        query("channel", "The channel's login"),
        query("channelid", "The channel's id instead"),
        query("user", "A user's login"),
        query("userid", "A user's id instead"),
      ],
      responseNotes: json(
        `Numbers without zeros in front; day is left out for a user. ${INDEX_NOTE}`,
        object({
          availableLogs: {
            type: "array",
            items: { ...object({ year: TEXT, month: TEXT }), properties: DATE },
          },
        }),
      ),
      answer: (routed) => answerList(context, routed),
    }),
    logRoute(context, {
      path: `${CHANNEL_PATH}/random`,
      summary: "A random line of a channel.",
      pathNotes: CHANNEL_NOTES,
      queryNotes: FORM_NOTES,
      responseNotes: LOG_NOTES,
      answer: (routed) => answerRandom(context, routed),
    }),
    logRoute(context, {
      path: `${USER_PATH}/random`,
      summary: "A random line of a user.",
      pathNotes: USER_NOTES,
      queryNotes: FORM_NOTES,
      responseNotes: LOG_NOTES,
      answer: (routed) => answerRandom(context, routed),
    }),
  ];
  if (api === "justlog") return routes;
  const names = logRoute(context, {
    path: "/namehistory/:id",
    summary: "The logins of a user, if the operator has switched this on.",
    pathNotes: [pathNote("id", "The user's id")],
    responseNotes: json("Oldest first; none for a stranger", {
      type: "array",
      items: object({ user_login: TEXT, last_timestamp: TEXT, first_timestamp: TEXT }),
    }),
    refusals: [403],
    answer: (routed) => answerNames(context, routed),
  });
  return [
    ...routes,
    ...(nameHistory === true ? [names] : []),
    logRoute(context, {
      path: `${CHANNEL_PATH}/stats`,
      summary: "How many messages users wrote in a channel, and who wrote most.",
      pathNotes: CHANNEL_NOTES,
      queryNotes: RANGE_NOTES,
      responseNotes: json(
        "At most five chatters",
        object({
          messageCount: COUNT,
          topChatters: {
            type: "array",
            items: object({ userId: TEXT, userLogin: LOGIN, messageCount: COUNT }),
          },
          unlistenedMinutes: COUNT,
        }),
      ),
      answer: (routed) => answerStats(context, routed),
    }),
    logRoute(context, {
      path: `${USER_PATH}/stats`,
      summary: "How many messages a user wrote in a channel.",
      pathNotes: USER_NOTES,
      queryNotes: RANGE_NOTES,
      responseNotes: json(
        "The count",
        object({ userId: TEXT, userLogin: LOGIN, messageCount: COUNT, unlistenedMinutes: COUNT }),
      ),
      answer: (routed) => answerStats(context, routed),
    }),
    logRoute(context, {
      path: "/capabilities",
      summary: "What this node answers beyond the API that came first.",
      responseNotes: json("Names", { type: "array", items: TEXT }),
      refusals: [],
      answer: () => Promise.resolve(jsonResponse(capabilities(context))),
    }),
  ];
}

const DATE = { year: TEXT, month: TEXT, day: TEXT };

async function answerChannels({ log, api }: LogContext): Promise<ApiResponse> {
  const rooms = await log.rooms.all();
  // A room without an id has no `userID`, which clients put into paths.
  const channels = rooms
    .filter(({ id }) => id !== "" && log.optOuts?.isChannelOptedOut(id) !== true)
    .map(({ id, login }) => ({ name: login, userID: id }));
  const caching = api === "rustlog" ? { "cache-control": "public, max-age=600" } : {};
  return jsonResponse({ channels }, caching);
}

async function answerList(context: LogContext, routed: RoutedRequest): Promise<ApiResponse> {
  const { api, days } = context;
  const asked = new URL(routed.request.url).searchParams;
  const named = (word: string): AskedName | undefined => {
    const [login, id] = [asked.get(word), asked.get(`${word}id`)];
    if (id) return { kind: "id", name: id };
    return login ? { kind: "login", name: login } : undefined;
  };
  const channel = named("channel");
  if (channel === undefined) {
    throw new Refusal(400, "Invalid param: channel or channelid is missing");
  }
  const user = named("user");
  // Without an index all of the archive may be read: not for a caller that has left.
  const signal = callerSignal(routed);
  const rules = { ...rulesOf(context), signal };
  const availableLogs: Record<string, string>[] = [];
  let index: IndexUse;
  try {
    const room = await findRoom(context, channel);
    index = await indexUse(context.log, room, ALL_TIME);
    if (user === undefined) {
      for (const dayUs of await days.days(room, rules)) availableLogs.push(dateOf(dayUs));
    } else {
      const person = await findPerson(context, room, user, { signal });
      for await (const monthUs of days.months(room, person, rules)) {
        const { year, month } = dateOf(monthUs);
        availableLogs.push({ year, month });
      }
    }
  } catch (error) {
    // justlog tells a stranger from a user without logs only here.
    const isStranger = error instanceof Refusal && error.status === 404 && api === "justlog";
    throw isStranger ? new Refusal(422, "could not find users") : error;
  }
  if (availableLogs.length === 0) {
    throw api === "rustlog"
      ? nothingThere(context)
      : new Refusal(404, "failed to get available channel logs: No logs file");
  }
  const maxAgeS = api === "rustlog" ? 600 : 3_600;
  return jsonResponse({ availableLogs }, {
    "cache-control": `public, max-age=${maxAgeS}`,
    [INDEX_HEADER]: index,
  });
}

function dateOf(timeUs: Micros) {
  const date = new Date(timeUs / 1_000);
  return {
    year: `${date.getUTCFullYear()}`,
    month: `${date.getUTCMonth() + 1}`,
    day: `${date.getUTCDate()}`,
  };
}

async function answerRandom(
  context: LogContext,
  { request, params }: RoutedRequest,
): Promise<ApiResponse> {
  const { api, log } = context;
  const form = formOf(request, api);
  const room = await findRoom(context, askedChannel(params));
  const person = params["user"] === undefined
    ? undefined
    : await findPerson(context, room, askedUser(params));
  const line = await randomLine(log, room, { ...rulesOf(context), person });
  if (line === undefined) throw nothingThere(context);
  async function* lines() {
    yield [line!];
  }
  const span = dayOf(line.startUs);
  const index = person && await indexUse(log, room, ALL_TIME);
  return await answerLines(context, room, lines(), {
    form,
    span,
    ...(index === undefined ? {} : { index }),
    cacheControl: "no-cache",
  });
}

async function answerStats(
  context: LogContext,
  { request, params }: RoutedRequest,
): Promise<ApiResponse> {
  const { api, log } = context;
  const room = await findRoom(context, askedChannel(params));
  const isOfUser = params["user"] !== undefined;
  const span = rangeOf(request, { api, nowUs: log.clock.wallUs(), isOfUser }) ?? ALL_TIME;
  const person = isOfUser ? await findPerson(context, room, askedUser(params)) : undefined;
  const firsts = await Promise.all(room.spans.map(({ channel }) => log.firstHour(channel)));
  const listened = { ...span, fromUs: Math.max(span.fromUs, Math.min(...firsts, span.untilUs)) };
  const channels = room.spans.map(({ channel }) => channel);
  const unlistenedMinutes = await log.listened.unlistenedMinutes(channels, listened);
  if (person !== undefined) {
    const messageCount = await countPerson(log, room, { ...span, person });
    const { id, login } = person;
    const answer = { userId: id, userLogin: login || null, messageCount, unlistenedMinutes };
    return jsonResponse(answer, { [INDEX_HEADER]: await indexUse(log, room, span) });
  }
  const { messages, top } = await countRoom(log, room, span);
  const topChatters = top.map(({ id, login, messages }) => ({
    userId: id,
    userLogin: login || null,
    messageCount: messages,
  }));
  return jsonResponse({ messageCount: messages, topChatters, unlistenedMinutes });
}

async function answerNames(
  { log }: LogContext,
  { params }: RoutedRequest,
): Promise<ApiResponse> {
  const id = params["id"] ?? "";
  if (log.optOuts?.isUserOptedOut(id) === true) {
    throw new Refusal(403, "The requested user has opted out of being logged");
  }
  const names = await loginsOf(log, id);
  const time = (us: Micros) => new Date(us / 1_000).toISOString().replace(".000Z", "Z");
  return jsonResponse(names.map(({ login, firstUs, lastUs }) => ({
    user_login: login,
    last_timestamp: time(lastUs),
    first_timestamp: time(firstUs),
  })));
}
