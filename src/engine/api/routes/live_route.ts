import { isChannelName } from "../../../core/archive/archive_key.ts";
import { formatText } from "../../../core/batch/message_text.ts";
import { type Micros, MILLISECOND_US } from "../../../core/time.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { type Cursor, formatCursor, parseCursor } from "../../live/cursor.ts";
import { followChat, type FollowOptions, type StreamItem } from "../../live/live_stream.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { chatQueryNotes, parseChatQuery } from "../chat/chat_query.ts";

/** The media type of server-sent events. */
const EVENT_STREAM_TYPE = "text/event-stream";

/** What the route follows. */
export type LiveRouteOptions = Pick<FollowOptions, "feed" | "source" | "redactionsOf">;

const CHANNELS_MAX = 100;
/** How long a client waits before it connects again, in milliseconds. */
const RETRY_MS = 2_000;
const FILTERS = new Set(["format", "user", "command"]);

/** The route that gives messages as they come. */
export function liveRoute(options: LiveRouteOptions): ApiRoute {
  return {
    method: "GET",
    path: "/live",
    audience: "readers",
    summary: "Messages as they come, as server-sent events, also those since an earlier event.",
    queryNotes: [
      {
        name: "channel",
        description:
          "Logins in lower case, without #, separated by commas. All channels by default",
        schema: { type: "string" },
      },
      {
        name: "after",
        description:
          "The id of an event: what came since is sent first. The header Last-Event-ID, " +
          "which browsers send by themselves, goes before it",
        schema: { type: "string" },
      },
      ...chatQueryNotes({ isBounded: false }).filter(({ name }) => FILTERS.has(name)),
    ],
    responseNotes: [
      {
        status: 200,
        description:
          "Events: without a name for a message; `missed` with a list of channels, from " +
          "and until, where the reader was too slow: what it missed follows from the archive. " +
          "Comments in between show that the stream lives",
        type: EVENT_STREAM_TYPE,
      },
      { status: 400, description: "A channel, an id or a filter is invalid", type: "text/plain" },
    ],
    answer: (routed) => Promise.resolve(answerLive(routed, options)),
  };
}

function answerLive({ request }: RoutedRequest, options: LiveRouteOptions): ApiResponse {
  const query = new URL(request.url).searchParams;
  const named = query.getAll("channel").flatMap((text) => text.split(","))
    .map((each) => each.trim().replace(/^#/, "").toLowerCase()).filter((each) => each !== "");
  if (named.length > CHANNELS_MAX) {
    return textResponse(400, `channel takes at most ${CHANNELS_MAX} names`);
  }
  const bad = named.find((each) => !isChannelName(each));
  if (bad !== undefined) return textResponse(400, "channel must be a login");
  const last = request.headers.get("last-event-id") || query.get("after");
  const after = last === null ? undefined : parseCursor(last);
  if (last !== null && after === undefined) {
    return textResponse(400, "after must be the id of an event");
  }
  const filters = new URLSearchParams([...query].filter(([name]) => FILTERS.has(name)));
  const parsed = parseChatQuery(filters, { isBounded: false });
  if (!parsed.ok) return textResponse(400, parsed.reason);
  const { users, commands, format } = parsed.wanted;
  const channels = named.length === 0 ? undefined : named;
  const follow = { ...options, channels, after, filter: { users, commands, text: "" } };
  return {
    status: 200,
    headers: {
      "content-type": EVENT_STREAM_TYPE,
      "cache-control": "no-store",
      // Proxies of nginx's kind would collect events.
      "x-accel-buffering": "no",
    },
    body: new EventBody(follow, format === "text"),
  };
}

/** A body of server-sent events, which ends as soon as its reader is gone. */
class EventBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #stop = new AbortController();
  readonly #options: Omit<FollowOptions, "signal">;
  readonly #isText: boolean;
  #items: AsyncIterator<readonly StreamItem[]> | undefined;
  #first: Promise<IteratorResult<readonly StreamItem[]>> | undefined;

  constructor(options: Omit<FollowOptions, "signal">, isText: boolean) {
    this.#options = options;
    this.#isText = isText;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#items === undefined) {
      const { feed } = this.#options;
      const stop = () => this.#stop.abort(feed.closed.reason);
      if (feed.closed.aborted) stop();
      feed.closed.addEventListener("abort", stop, { once: true, signal: this.#stop.signal });
      this.#items = followChat({ ...this.#options, signal: this.#stop.signal });
      // It follows from here on, and the head is sent before the first message comes.
      this.#first = this.#items.next();
      this.#first.catch(() => {}); // The next call tells.
      return { done: false, value: UTF8.encode(`retry: ${RETRY_MS}\n: live\n\n`) };
    }
    try {
      const step = await (this.#first ?? this.#items.next());
      this.#first = undefined;
      if (step.done) return { done: true, value: undefined };
      return { done: false, value: this.#encode(step.value) };
    } catch (error) {
      if (this.#stop.signal.aborted) return { done: true, value: undefined };
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#stop.abort(new DOMException("The reader is gone", "AbortError"));
    await this.#items?.return?.();
    return { done: true, value: undefined };
  }

  #encode(items: readonly StreamItem[]): Uint8Array {
    const { channels = [] } = this.#options;
    let text = "";
    for (const item of items) {
      if (item.kind === "alive") text += `: alive\n${idLine(item.cursor)}\n`;
      else if (item.kind === "missed") {
        const range = { from: instant(item.fromUs), until: instant(item.untilUs) };
        text += `event: missed\ndata: ${JSON.stringify({ channels, ...range })}\n\n`;
      } else {
        const { event } = item;
        const body = this.#isText ? formatText(event.message) : event.line;
        text += `${idLine(event.cursor)}data: ${body}\n\n`;
      }
    }
    return UTF8.encode(text);
  }
}

function idLine(cursor: Cursor | undefined): string {
  return cursor === undefined ? "" : `id: ${formatCursor(cursor)}\n`;
}

function instant(us: Micros): string {
  return new Date(us / MILLISECOND_US).toISOString();
}

const UTF8 = new TextEncoder();
