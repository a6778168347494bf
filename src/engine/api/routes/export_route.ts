import { isChannelName } from "../../../core/archive/archive_key.ts";
import { parseMessageLine, splitBatch } from "../../../core/batch/batch.ts";
import { HOUR_US, mayFallInto, type Micros, readRange, TIME_END_US } from "../../../core/time.ts";
import { meetsFilter, type MessageFilter } from "../../../core/text/message_filter.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { ExportedEvent } from "../../export/chat_export.ts";
import { chatExport, exportEvents } from "../../export/export_chat.ts";
import { FILE_TYPES, TEXT_FORMATS } from "../../export/file_types.ts";
import { WorkBreaks } from "../../read/work_breaks.ts";
import { type ApiResponse, ASK_EACH_TIME, textResponse } from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";
import type { ChatMinute } from "../chat/chat_bytes.ts";
import { chatQueryNotes, parseNames } from "../chat/chat_query.ts";
import type { SharedChatReader } from "../chat/shared_chat_reader.ts";

type Format = (typeof TEXT_FORMATS)[number];

/** A month: more is for the command line, which no other reader waits for. */
const RANGE_MAX_US = 31 * 24 * HOUR_US;

/** The route that gives a range of chat as a file in the format of another tool. */
export function exportRoute(reader: SharedChatReader, clock: Clock): ApiRoute {
  const time = { type: "string" };
  return {
    method: "GET",
    path: "/:channel/chat.export",
    audience: "readers",
    summary:
      "Messages that may have been sent in [start, end), at most 31 days, as a file for other tools.",
    pathNotes: [CHANNEL_NOTE],
    queryNotes: [
      {
        name: "format",
        description: "The format of the file",
        isRequired: true,
        schema: { type: "string", enum: [...TEXT_FORMATS] },
      },
      { name: "start", description: INSTANT_FORMS, isRequired: true, schema: time },
      { name: "end", description: "Messages sent before this", isRequired: true, schema: time },
      {
        name: "video",
        description:
          "When the video begins: offsets and subtitles count from here. start by default",
        schema: time,
      },
      ...chatQueryNotes({ isBounded: false }).filter(({ name }) =>
        name === "user" || name === "command"
      ),
    ],
    responseNotes: [
      ...[
        "text/plain",
        "application/json",
        "application/x-ndjson",
        "text/vtt",
        "text/csv",
        "text/html",
      ]
        .map((type) => ({ status: 200, description: "The file", type })),
      { status: 400, description: "A parameter is missing or invalid", type: "text/plain" },
    ],
    answer: (routed) => answerExport(routed, { reader, clock }),
  };
}

async function answerExport(
  { request, params }: RoutedRequest,
  { reader, clock }: { readonly reader: SharedChatReader; readonly clock: Clock },
): Promise<ApiResponse> {
  const { channel = "" } = params;
  if (!isChannelName(channel)) return textResponse(400, "Bad channel: it is no channel's name");
  const parsed = parseQuery(new URL(request.url).searchParams);
  if (typeof parsed === "string") return textResponse(400, parsed);
  const { format, startUs, endUs, videoUs, filter } = parsed;
  const { minutes } = await reader.read(channel, { startUs, endUs, isReversed: false });
  const wanted = { fromUs: startUs, untilUs: endUs, filter };
  const events = eventsOf(minutes, wanted, new WorkBreaks(clock));
  const facts = { channel, startUs: videoUs, endUs: Math.max(videoUs, endUs) };
  const [type, ending] = FILE_TYPES[format];
  return {
    status: 200,
    headers: {
      "content-type": type,
      "cache-control": ASK_EACH_TIME,
      // What chatters wrote is never shown as a page of this node.
      "content-disposition": `attachment; filename="${channel}.${ending}"`,
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      "x-content-type-options": "nosniff",
    },
    body: encoded(exportEvents(chatExport(format), facts, events)),
  };
}

interface ExportQuery {
  readonly format: Format;
  readonly startUs: Micros;
  readonly endUs: Micros;
  readonly videoUs: Micros;
  readonly filter: MessageFilter;
}

/** The query, or what is wrong with it. */
function parseQuery(query: URLSearchParams): ExportQuery | string {
  const format = TEXT_FORMATS.find((each) => each === query.get("format"));
  if (format === undefined) return `Bad format: one of ${TEXT_FORMATS.join(", ")}`;
  const times: Record<string, Micros> = {};
  for (const name of ["start", "end", "video"]) {
    const text = query.get(name) ?? (name === "video" ? query.get("start") : null);
    if (text === null) return `Bad ${name}: it is missing`;
    const parsed = parseInstant(text);
    if (!parsed.ok) return `Bad ${name}: ${parsed.reason}`;
    times[name] = Math.min(parsed.us, TIME_END_US);
  }
  const [startUs, endUs, videoUs] = [times["start"]!, times["end"]!, times["video"]!];
  if (endUs <= startUs) return "Bad end: it is not after start";
  if (endUs - startUs > RANGE_MAX_US) return "Bad end: it is more than 31 days after start";
  const named = parseNames(query);
  if (!named.ok) return named.reason;
  return { format, startUs, endUs, videoUs, filter: { ...named.names, text: "" } };
}

async function* eventsOf(
  minutes: AsyncIterable<ChatMinute>,
  { filter, ...range }: {
    readonly fromUs: Micros;
    readonly untilUs: Micros;
    readonly filter: MessageFilter;
  },
  breaks: WorkBreaks,
): AsyncGenerator<ExportedEvent, void, undefined> {
  for await (const { bytes } of minutes) {
    breaks.begin();
    for (const [i, line] of splitBatch(bytes).entries()) {
      if (breaks.isDue) await breaks.take();
      const message = parseMessageLine(line, i + 1);
      const { startUs, endUs } = readRange(message);
      if (!mayFallInto({ startUs, endUs }, range) || !meetsFilter(message, filter)) continue;
      yield { message, line, startUs, endUs };
    }
  }
}

async function* encoded(
  pieces: AsyncIterable<string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) yield encoder.encode(piece);
}
