import {
  formatRecent,
  isRecentKind,
  receivedMs,
  RECENT_COMMANDS,
  type RecentMessage,
} from "../../../core/logs/recent_messages.ts";
import { HOUR_US, type Micros, MILLISECOND_US, MINUTE_US, SECOND_US } from "../../../core/time.ts";
import { ScanBudget, ScanTimeoutError } from "../../logs/scan_budget.ts";
import type { Room } from "../../logs/room_directory.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { type ApiResponse, jsonResponse } from "../route/api_response.ts";
import type { ApiRoute, ParameterNote } from "../route/api_route.ts";
import type { LogContext } from "./log_context.ts";

const LIMIT_DEFAULT = 800;
const LIMIT_MAX = 5_000;

/** Older messages are for logs. */
const RECENT_US = 24 * HOUR_US;
/** Between Twitch's time of a message and a receiver's, and between clocks. */
const CLOCKS_APART_US = 5 * MINUTE_US;
/** A quiet channel is searched this long for more messages. */
const SCAN_MAX_US = 5 * SECOND_US;

const FLAGS = ["hide_moderation_messages", "hide_moderated_messages", "clearchat_to_notice"];

const flagNote = (name: string, description: string): ParameterNote => ({
  name,
  description: `${description}. Also as ${camelCase(name)}`,
  schema: { type: "string", enum: ["true", "false"], default: "false" },
});

const LIST = {
  type: "object",
  required: ["messages", "error", "error_code"],
  properties: {
    messages: { type: "array", items: { type: "string" } },
    error: { type: ["string", "null"] },
    error_code: { type: ["string", "null"] },
  },
};

const ERROR = {
  type: "object",
  required: ["status", "status_message", "error", "error_code"],
};

/** The route that answers as the recent-messages service does, version 2. */
export function recentRoute(context: LogContext): ApiRoute {
  return {
    method: "GET",
    path: "/api/v2/recent-messages/:login",
    audience: "readers",
    mayEndInSlash: true,
    summary: "The newest messages of a channel as lines of IRC, as chat clients fetch them.",
    pathNotes: [{
      name: "login",
      description: "The channel's login, in lower case",
      schema: { type: "string", pattern: "^[a-z0-9_]{1,25}$" },
    }],
    queryNotes: [
      {
        name: "limit",
        description: `The newest messages only, at most ${LIMIT_MAX}`,
        schema: { type: "integer", minimum: 0, default: LIMIT_DEFAULT },
      },
      ms("before", "Only messages received before this"),
      ms("after", "Only messages received after this"),
      flagNote("hide_moderation_messages", "Leave out bans, timeouts and deletions"),
      flagNote("hide_moderated_messages", "Leave out the messages that those deleted"),
      flagNote("clearchat_to_notice", "Write bans and timeouts as notices"),
    ],
    responseNotes: [
      {
        status: 200,
        description: "Oldest first. error_code is channel_not_joined where the channel is not " +
          "recorded now",
        type: "application/json",
        schema: LIST,
      },
      { status: 400, description: "Invalid", type: "application/json", schema: ERROR },
      {
        status: 403,
        description: "The channel has opted out",
        type: "application/json",
        schema: ERROR,
      },
    ],
    optedOut: () => refusal(403, { code: "channel_ignored", reason: "The channel has opted out" }),
    answer: (routed) => answerRecent(context, routed),
  };
}

function ms(name: string, description: string): ParameterNote {
  const schema = { type: "integer" };
  return { name, description: `${description}: milliseconds since 1970`, schema };
}

async function answerRecent(
  context: LogContext,
  { request, params }: RoutedRequest,
): Promise<ApiResponse> {
  const { login = "" } = params;
  const { log } = context;
  if (!/^[a-z0-9_]{1,25}$/.test(login)) {
    return refusal(400, { code: "invalid_channel_login", reason: `"${login}" is no login` });
  }
  const parsed = parseQuery(new URL(request.url).searchParams);
  if (typeof parsed === "string") return refusal(400, { code: "invalid_query", reason: parsed });
  const room = await log.rooms.byLogin(login);
  const recent = room === undefined ? [] : await newest(context, room, parsed);
  const isRecorded = await isRecordedNow(context, login);
  return jsonResponse({
    messages: formatRecent(recent, parsed),
    error: isRecorded ? null : "This node does not record the channel now",
    error_code: isRecorded ? null : "channel_not_joined",
  });
}

interface RecentQuery {
  readonly limit: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly hidesModeration: boolean;
  readonly hidesModerated: boolean;
  readonly clearsByNotice: boolean;
}

/** What is asked, or what is wrong with it. */
function parseQuery(query: URLSearchParams): RecentQuery | string {
  const flags: boolean[] = [];
  for (const name of FLAGS) {
    const text = query.get(name) ?? query.get(camelCase(name)) ?? "false";
    if (text !== "true" && text !== "false") return `${name} must be true or false`;
    flags.push(text === "true");
  }
  const numbers: (number | undefined)[] = [];
  for (const name of ["limit", "before", "after"]) {
    const text = query.get(name);
    if (text !== null && !/^-?\d{1,19}$/.test(text)) return `${name} must be a whole number`;
    if (name === "limit" && text?.startsWith("-")) return "limit must not be negative";
    numbers.push(text === null ? undefined : Number(text));
  }
  const [limit = LIMIT_DEFAULT, beforeMs = Infinity, afterMs = -Infinity] = numbers;
  const [hidesModeration = false, hidesModerated = false, clearsByNotice = false] = flags;
  return {
    limit: Math.min(limit, LIMIT_MAX),
    beforeMs,
    afterMs,
    hidesModeration,
    hidesModerated,
    clearsByNotice,
  };
}

/** The newest messages that meet the limits, in the order in which they were received. */
async function newest(
  { log }: LogContext,
  room: Room,
  { limit, beforeMs, afterMs }: RecentQuery,
): Promise<RecentMessage[]> {
  const nowUs = log.clock.wallUs();
  const endUs = Math.min(nowUs, beforeMs * MILLISECOND_US);
  const startUs: Micros = Math.max(0, endUs - RECENT_US, afterMs * MILLISECOND_US);
  const found: RecentMessage[] = [];
  if (limit === 0 || endUs < startUs) return found;
  const lines = log.lines(room, {
    fromUs: Math.max(0, startUs - CLOCKS_APART_US),
    untilUs: endUs + CLOCKS_APART_US,
    isReversed: true,
    commands: RECENT_COMMANDS,
    accepts: isRecentKind,
    budget: new ScanBudget(log.clock, SCAN_MAX_US),
  });
  try {
    for await (const batch of lines) {
      for (const { message } of batch) {
        const ms = receivedMs(message);
        if (ms < beforeMs && ms > afterMs) found.push({ message, receivedMs: ms });
        if (found.length >= limit) break;
      }
      if (found.length >= limit) break;
    }
  } catch (error) {
    if (!(error instanceof ScanTimeoutError)) throw error; // What was found is the newest there is.
  }
  return found.reverse().sort((a, b) => a.receivedMs - b.receivedMs);
}

/** Whether a node recorded the channel within the last two hours: this one, or one that it pulls from. */
async function isRecordedNow(
  { log, isRecording }: LogContext,
  login: string,
): Promise<boolean> {
  if (isRecording?.(login) === true) return true;
  return await log.isRecordedSince(login, log.clock.wallUs() - HOUR_US);
}

function refusal(
  status: 400 | 403,
  { code, reason }: { readonly code: string; readonly reason: string },
): ApiResponse {
  const status_message = status === 400 ? "Bad Request" : "Forbidden";
  return { ...jsonResponse({ status, status_message, error: reason, error_code: code }), status };
}

/** A name with words joined by capitals, as old clients write it. */
function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
