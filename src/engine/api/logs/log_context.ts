import type { LogDialect } from "../../../core/logs/format_log.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { TextPatterns } from "../../../ports/text_patterns.ts";
import type { ChatLog } from "../../logs/chat_log.ts";
import type { LogDays } from "../../logs/log_days.ts";
import { ScanTimeoutError } from "../../logs/scan_budget.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import { CHANNEL_OPTED_OUT } from "../optout/refuse_opted_out.ts";
import type { ApiRoute, ParameterNote, ResponseNote } from "../route/api_route.ts";

/** What the operator decides about log routes. */
export interface LogApiOptions {
  /** Where rustlog and justlog differ, whose form answers have. @default "rustlog" */
  readonly api?: LogDialect | undefined;
  /** Whether `/namehistory` answers: Twitch had such a public service shut down. @default false */
  readonly nameHistory?: boolean | undefined;
  /** Whether `/search` looks into several channels at once, for the same reason. @default false */
  readonly crossChannelSearch?: boolean | undefined;
  /** Whether this process records a channel. One with files of the last two hours is recorded by another. */
  readonly isRecording?: ((channel: string) => boolean) | undefined;
  /** Makes tests of patterns. Without it, search takes words only. */
  readonly patterns?: TextPatterns | undefined;
}

/** What log routes work with. */
export interface LogContext extends LogApiOptions {
  readonly api: LogDialect;
  readonly log: ChatLog;
  readonly days: LogDays;
}

/** A request that is answered with a reason. */
export class Refusal extends Error {
  /** The HTTP status. */
  readonly status: number;

  /** A refusal with the reason that the caller reads. */
  constructor(status: number, reason: string) {
    super(reason);
    this.name = "Refusal";
    this.status = status;
  }
}

/** The reason when nothing is there, in the words of the dialect. */
export function nothingThere({ api }: Pick<LogContext, "api">): Refusal {
  return new Refusal(404, api === "rustlog" ? "Not found" : "could not load logs");
}

/** What justlog says of users and channels that have opted out. */
export const JUSTLOG_OPTED_OUT = "User or channel has opted out";

/** Refusals of log routes by their status. */
const REFUSALS = {
  400: "A parameter is invalid",
  403: "The channel or the user has opted out",
  404: "There is no such log",
};

/** A part of a path. */
export function pathNote(name: string, description: string): ParameterNote {
  return { name, description, schema: { type: "string" } };
}

/** A route for readers of logs: it answers a {@link Refusal} with its reason, and says what it can. */
export function logRoute(
  context: LogContext,
  route: Pick<ApiRoute, "path" | "summary" | "pathNotes" | "queryNotes"> & {
    readonly responseNotes: readonly ResponseNote[];
    /** How it may refuse. @default all of 400, 403 and 404 */
    readonly refusals?: readonly (keyof typeof REFUSALS)[];
    /** @throws {Refusal} */
    readonly answer: (routed: RoutedRequest) => Promise<ApiResponse>;
  },
): ApiRoute {
  const { refusals = [400, 403, 404], ...rest } = route;
  const refusalNotes = refusals
    .map((status) => ({ status, description: REFUSALS[status], type: "text/plain" }));
  return {
    ...rest,
    method: "GET",
    audience: "readers",
    mayEndInSlash: true,
    responseNotes: [...route.responseNotes, ...refusalNotes],
    optedOut: () => {
      const isJustlog = context.api === "justlog";
      return refused(new Refusal(403, isJustlog ? JUSTLOG_OPTED_OUT : CHANNEL_OPTED_OUT), context);
    },
    async answer(routed) {
      const lower = context.api === "justlog" ? lowerCase(routed.request) : undefined;
      if (lower !== undefined) return lower;
      const answer = await route.answer(routed).catch((error) => refused(error, context));
      if (context.api === "justlog") return answer;
      const headers = { ...answer.headers, "x-rustlog-capabilities": capabilities(context).join() };
      return { ...answer, headers };
    },
  };
}

/** What this node can answer beyond justlog, in rustlog's words. */
export function capabilities({ nameHistory }: Pick<LogContext, "nameHistory">): string[] {
  const always = ["arbitrary-range-query", "search", "stats"];
  return nameHistory === true ? [...always, "namehistory"] : always;
}

/** justlog leads a path with capitals to the one without. */
function lowerCase({ url }: Request): ApiResponse | undefined {
  const { pathname, search } = new URL(url);
  const lower = pathname.toLowerCase();
  if (lower === pathname) return undefined;
  return { status: 302, headers: { location: `${lower}?${search.slice(1)}` }, body: NO_BODY };
}

const NO_BODY = new Uint8Array();

function refused(error: unknown, { api }: LogContext): ApiResponse {
  const end = api === "justlog" ? "\n" : "";
  if (error instanceof Refusal) return textResponse(error.status, `${error.message}${end}`);
  if (error instanceof ScanTimeoutError) {
    return textResponse(503, `${error.message}: ask for a shorter range${end}`, {
      "retry-after": "60",
    });
  }
  throw error;
}
