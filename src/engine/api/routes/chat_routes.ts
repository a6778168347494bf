import { isChannelName } from "../../../core/archive/archive_key.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import {
  type ApiResponse,
  ASK_EACH_TIME,
  entityTag,
  holdsTag,
  notModified,
  textResponse,
} from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { chatLines, chatList } from "../chat/chat_bytes.ts";
import { chatQueryNotes, parseChatQuery } from "../chat/chat_query.ts";
import type { SharedChatReader } from "../chat/shared_chat_reader.ts";
import { WorkBreaks } from "../../read/work_breaks.ts";

const MESSAGE = {
  type: "object",
  required: ["command", "params", "receivers", "sender", "tags", "time", "time_range"],
};

/** How the two routes for chat differ. */
interface ChatForm {
  readonly isBounded: boolean;
  readonly type: string;
}

/**
 * The routes that give messages of a channel, each once, in normal form, in order. By `clock` long
 * work takes breaks.
 */
export function chatRoutes(reader: SharedChatReader, clock: Clock): ApiRoute[] {
  const list: ChatForm = { isBounded: true, type: "application/json" };
  const lines: ChatForm = { isBounded: false, type: "application/x-ndjson" };
  const notes = [
    { status: 200, description: "One line of text a message", type: "text/plain" },
    { status: 304, description: "Not modified: the caller has these messages" },
    { status: 400, description: "A time or another parameter is invalid", type: "text/plain" },
    { status: 403, description: "The channel starts with a period", type: "text/plain" },
  ];
  return [
    {
      method: "GET",
      path: "/:channel/chat.json",
      audience: "readers",
      summary: "Messages that may have been sent in [start, end), as one list of at most 2 h.",
      pathNotes: [CHANNEL_NOTE],
      queryNotes: chatQueryNotes(list),
      responseNotes: [
        {
          status: 200,
          description: "Messages by time",
          type: list.type,
          schema: { type: "array", items: MESSAGE },
        },
        ...notes,
      ],
      answer: (routed) => answerChat(routed, { reader, clock, form: list }),
    },
    {
      method: "GET",
      path: "/:channel/chat.ndjson",
      audience: "readers",
      summary: "Messages that may have been sent in [start, end), a line each, of any range.",
      pathNotes: [CHANNEL_NOTE],
      queryNotes: chatQueryNotes(lines),
      responseNotes: [
        { status: 200, description: "Messages by time", type: lines.type, schema: MESSAGE },
        ...notes,
      ],
      answer: (routed) => answerChat(routed, { reader, clock, form: lines }),
    },
  ];
}

async function answerChat(
  { request, params }: RoutedRequest,
  { reader, clock, form }: {
    readonly reader: SharedChatReader;
    readonly clock: Clock;
    readonly form: ChatForm;
  },
): Promise<ApiResponse> {
  const { channel = "" } = params;
  if (channel.startsWith(".")) return textResponse(403, "Bad channel: May not start with a period");
  const query = new URL(request.url).searchParams;
  const parsed = parseChatQuery(query, form);
  if (!parsed.ok) return textResponse(400, parsed.reason);
  const { wanted } = parsed;
  const isText = wanted.format === "text";
  const type = isText ? "text/plain; charset=utf-8" : form.type;
  const headers: Record<string, string> = { "content-type": type, "cache-control": ASK_EACH_TIME };
  const isList = form.isBounded && !isText;
  if (!isChannelName(channel)) return { status: 200, headers, body: bodyOf(NO_LINES, isList) };
  const { minutes, stamp } = await reader.read(channel, wanted);
  if (stamp !== undefined) {
    headers["etag"] = entityTag(stamp);
    if (holdsTag(request, headers["etag"])) return notModified(headers);
  }
  const lines = chatLines(minutes, wanted, new WorkBreaks(clock));
  return { status: 200, headers, body: bodyOf(lines, isList) };
}

function bodyOf(lines: AsyncIterable<Uint8Array>, isList: boolean): AsyncIterable<Uint8Array> {
  return isList ? chatList(lines) : lines;
}

const NO_LINES: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {},
};
