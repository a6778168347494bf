import type { Micros } from "../../../core/time.ts";
import { SECOND_US } from "../../../core/time.ts";
import type { ChatLog, LogQuery } from "../../logs/chat_log.ts";
import type { LogLine } from "../../logs/pick_lines.ts";
import type { Room } from "../../logs/room_directory.ts";
import type { TimeSpan } from "../../logs/minute_finder.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { ApiResponse } from "../route/api_response.ts";
import type { ResponseNote } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";
import { logBody, logType, sliceLines } from "./log_body.ts";
import { type LogContext, nothingThere } from "./log_context.ts";
import { INDEX_HEADER, INDEX_NOTE, type IndexUse, indexUse } from "./index_use.ts";
import type { LogForm } from "./log_request.ts";

/** The header that says how many minutes of an answer's range no receiver listened. */
const UNLISTENED_HEADER = "x-chatloom-unlistened-minutes";

/** A log of years waits this long for the header; its field in JSON comes at the end. */
const HEADER_WAIT_MS = 250;

/** How long after its end a range may still get lines: what a recorder holds, and what a peer sends later. */
const SETTLED_AFTER_US = 180 * SECOND_US;

const MESSAGES = {
  type: "object",
  required: ["messages"],
  properties: {
    messages: {
      type: "array",
      items: {
        type: "object",
        required: ["text", "displayName", "timestamp", "id", "tags"],
        properties: {
          text: { type: "string" },
          displayName: { type: "string" },
          timestamp: { type: "string", format: "date-time" },
          id: { type: "string" },
          tags: { type: "object", additionalProperties: { type: "string" } },
          username: { type: "string" },
          channel: { type: "string" },
          raw: { type: "string" },
          type: { type: "integer" },
        },
      },
    },
    unlistenedMinutes: { type: "integer", minimum: 0 },
    index: { type: "string", enum: ["none", "partial", "full"] },
  },
} as const;

/** What the API's description says of a log. */
export const LOG_NOTES: readonly ResponseNote[] = [
  { status: 200, description: "Lines as text, or of IRC", type: "text/plain" },
  {
    status: 200,
    description: "with json or jsonBasic. unlistenedMinutes, also in the header " +
      `${UNLISTENED_HEADER} unless counting takes too long, says how many minutes of the range ` +
      `no receiver listened. ${INDEX_NOTE}`,
    type: "application/json",
    schema: MESSAGES,
  },
  {
    status: 200,
    description: "with ndjson",
    type: "application/x-ndjson",
    schema: MESSAGES.properties.messages.items,
  },
];

/** Lines that were asked for, and how. */
export interface LogAnswerOptions {
  readonly form: LogForm;
  /** The range whose coverage counts. */
  readonly span: TimeSpan;
  /** For how long caches may keep it. @default as the range is over or not */
  readonly cacheControl?: string;
  /** How much of the range an index knows. @default not told: an index would not help */
  readonly index?: IndexUse;
  /** Further headers. */
  readonly headers?: ApiResponse["headers"];
  /** Further fields in JSON. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Answers with the lines of a query; reads no more once the caller has left.
 *
 * @throws {Refusal} 404 when there are none.
 */
export async function answerQuery(
  context: LogContext,
  routed: RoutedRequest,
  room: Room,
  query: Omit<LogQuery, "signal"> & Pick<LogAnswerOptions, "form" | "cacheControl">,
): Promise<ApiResponse> {
  const { form, cacheControl, ...asked } = query;
  const leaving = new AbortController();
  const { signal } = leaving;
  const caller = callerSignal(routed);
  const leave = (): void => leaving.abort(caller.reason);
  if (caller.aborted) leave();
  else caller.addEventListener("abort", leave, { once: true, signal });
  const all = context.log.lines(room, { ...asked, isReversed: form.isReversed, signal });
  const lines = sliceLines(all, form);
  // Its failure is the answer's; while the lines are read it has no other reader.
  const first = await lines.next();
  if (first.done) throw nothingThere(context);
  const index = asked.person && await indexUse(context.log, room, asked);
  const options = {
    form,
    span: asked,
    ...(index === undefined ? {} : { index }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
  const answer = await answerLines(context, room, rejoin(first.value, lines), options)
    .catch(async (error) => {
      await lines.return(undefined);
      throw error;
    });
  return { ...answer, body: abortingBody(answer.body, leaving) };
}

/** Answers with lines, whether there are any or not. */
export async function answerLines(
  { log, api }: LogContext,
  room: Room,
  lines: AsyncIterable<readonly LogLine[]>,
  { form: { format }, span, cacheControl, index, headers = {}, fields = {} }: LogAnswerOptions,
): Promise<ApiResponse> {
  const channels = [...new Set(room.spans.map(({ channel }) => channel))];
  const unlistened = log.listened.unlistenedMinutes(channels, await startedSpan(log, room, span));
  unlistened.catch(() => {}); // Its readers are below, or none any more.
  const inTime = await within(log, unlistened, HEADER_WAIT_MS);
  return {
    status: 200,
    headers: {
      "content-type": logType({ format, api }),
      "cache-control": cacheControl ?? cacheControlOf(span, { nowUs: log.clock.wallUs(), api }),
      ...(inTime === undefined ? {} : { [UNLISTENED_HEADER]: `${inTime}` }),
      ...(index === undefined ? {} : { [INDEX_HEADER]: index }),
      ...headers,
    },
    body: logBody(lines, {
      format,
      api,
      moreFields: async () => ({
        ...fields,
        ...(index === undefined ? {} : { index }),
        unlistenedMinutes: await unlistened,
      }),
    }),
  };
}

/** A range without a beginning begins with the room's first hour: before it there was nothing to listen for. */
async function startedSpan(log: ChatLog, room: Room, span: TimeSpan): Promise<TimeSpan> {
  if (span.fromUs > 0) return span;
  const firsts = await Promise.all(room.spans.map(({ channel }) => log.firstHour(channel)));
  return { ...span, fromUs: Math.min(span.untilUs, ...firsts) };
}

/** The value, or `undefined` if it takes longer. */
async function within<T>(
  { clock }: ChatLog,
  value: Promise<T>,
  waitMs: number,
): Promise<T | undefined> {
  const waiting = new AbortController();
  const late = clock.sleep(waitMs, waiting.signal).then(() => undefined, () => undefined);
  try {
    return await Promise.race([value, late]);
  } finally {
    waiting.abort();
  }
}

/** What is over changes rarely: caches may keep it for hours. What is not is asked for each time. */
function cacheControlOf(
  { untilUs }: TimeSpan,
  { nowUs, api }: { readonly nowUs: Micros; readonly api: LogContext["api"] },
): string {
  if (untilUs + SETTLED_AFTER_US > nowUs) return "no-cache";
  return `public, max-age=${api === "justlog" ? 31_536_000 : 36_000}`;
}

async function* rejoin<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The same body, which ends reading also while the next chunk is waited for: the caller may be gone. */
function abortingBody(body: ApiResponse["body"], leaving: AbortController): ApiResponse["body"] {
  if (body instanceof Uint8Array) return body;
  const pieces = body[Symbol.asyncIterator]();
  const own: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => own,
    next: () => pieces.next(),
    async return() {
      leaving.abort();
      await pieces.return?.();
      return { done: true, value: undefined };
    },
  };
  return own;
}
