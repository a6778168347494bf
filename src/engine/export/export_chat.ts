import { formatHour, parseHour } from "../../core/archive/archive_key.ts";
import { type Micros, TIME_END_US } from "../../core/time.ts";
import { channelHours } from "../read/channel_hours.ts";
import { readEvents, type ReadEventsOptions } from "../read/read_events.ts";
import type { ChatExport, ExportedEvent, ExportFacts } from "./chat_export.ts";
import type { TEXT_FORMATS } from "./file_types.ts";
import { HtmlPage } from "./html_page.ts";
import {
  csvExport,
  jsonExport,
  logTextExport,
  ndjsonExport,
  rawExport,
  type TEXT_TIMES,
  twitchDownloaderText,
} from "./line_exports.ts";
import { assExport, webVttExport } from "./subtitles.ts";
import { TwitchDownloaderJson } from "./twitch_downloader_json.ts";

/** What an export is told. */
export interface ExportOptions extends ReadEventsOptions {
  /** Where offsets count from. @default `fromUs`, or the first message */
  readonly startUs?: Micros | undefined;
}

/** A writer of a format. */
export function chatExport(
  format: (typeof TEXT_FORMATS)[number],
  { times = "relative" }: { readonly times?: (typeof TEXT_TIMES)[number] | undefined } = {},
): ChatExport {
  switch (format) {
    case "ndjson":
      return ndjsonExport();
    case "json":
      return jsonExport();
    case "raw":
      return rawExport();
    case "rustlog":
    case "justlog":
      return logTextExport(format);
    case "td-json":
      return new TwitchDownloaderJson();
    case "td-text":
      return twitchDownloaderText(times);
    case "vtt":
      return webVttExport();
    case "ass":
      return assExport();
    case "csv":
      return csvExport();
    case "html":
      return new HtmlPage();
  }
}

/** How much text is handed on at once, in UTF-16 units. */
const CHUNK_LENGTH = 65_536;

/**
 * Yields a range of a channel in the form of `format`, in pieces. Each message comes once, as `readEvents` promises;
 * redacted ones are left out. Memory does not grow with the range.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* exportChat(
  channel: string,
  format: ChatExport,
  options: ExportOptions,
): AsyncGenerator<string, void, undefined> {
  const { roomId, ...facts } = await exportFacts(channel, options);
  yield* exportEvents(format, { ...facts, roomId }, readEvents(channel, options));
}

/**
 * Yields events in the form of `format`, in pieces.
 *
 * @param facts.roomId by default the first that an event of the first hundred tells
 * @throws what the events throw.
 */
export async function* exportEvents(
  format: ChatExport,
  facts: Omit<ExportFacts, "roomId"> & { readonly roomId?: string },
  events: AsyncIterable<ExportedEvent>,
): AsyncGenerator<string, void, undefined> {
  let waiting: ExportedEvent[] | undefined = [];
  let text = "";
  const begin = (roomId: string) => {
    text = format.begin({ ...facts, roomId });
    for (const event of waiting ?? []) text += format.event(event);
    waiting = undefined;
  };
  if (facts.roomId !== undefined) begin(facts.roomId);
  for await (const event of events) {
    if (waiting === undefined) text += format.event(event);
    else {
      waiting.push(event);
      const roomId = roomOf(event);
      if (roomId !== "" || waiting.length >= WAITING_MAX) begin(roomId);
    }
    if (text.length < CHUNK_LENGTH) continue;
    yield text;
    text = "";
  }
  if (waiting !== undefined) begin("");
  yield text + format.end();
}

/** How many events may come before one that tells the room. */
const WAITING_MAX = 100;

/** The id of the room that an event tells; `""` if it tells none. */
export function roomOf({ message: { tags } }: ExportedEvent): string {
  return tags !== null && Object.hasOwn(tags, "room-id") ? tags["room-id"]! : "";
}

/** How many events are looked at for the id of the room. */
export const LOOKED_AT_MAX = 10_000;

/** What is known of a range before it is written. */
async function exportFacts(channel: string, options: ExportOptions): Promise<ExportFacts> {
  let first: ExportedEvent | undefined;
  let roomId = "";
  let looked = 0;
  for await (const event of readEvents(channel, options)) {
    first ??= event;
    roomId = roomOf(event);
    if (roomId !== "" || ++looked >= LOOKED_AT_MAX) break;
  }
  const startUs = options.startUs ?? options.fromUs ?? first?.startUs ?? 0;
  const endUs = Math.max(startUs, await lastUs(channel, options) ?? startUs);
  return { channel, roomId, startUs, endUs };
}

/** When the last event of a range ended: it is in the last hour that has files, or the one before. */
async function lastUs(channel: string, options: ExportOptions): Promise<Micros | undefined> {
  const { store, signal, untilUs = TIME_END_US, fromUs = 0 } = options;
  const hours = (await channelHours(channel, { store, signal }))
    .filter((name) => name <= formatHour(Math.min(untilUs, TIME_END_US - 1)));
  for (const name of hours.reverse()) {
    const hourUs = parseHour(name)!;
    let last: Micros | undefined;
    const range = { ...options, fromUs: Math.max(hourUs, fromUs) };
    for await (const { endUs } of readEvents(channel, range)) last = Math.max(last ?? 0, endUs);
    if (last !== undefined || hourUs < fromUs) return last;
  }
  return undefined;
}
