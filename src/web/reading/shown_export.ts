import { parseMessageLine, splitBatch } from "../../core/batch/batch.ts";
import { mayFallInto, type Micros, RANGE_MAX_US, readRange } from "../../core/time.ts";
import { streamToBlob } from "../../adapters/browser/blob_spool.ts";
import type { ExportedEvent } from "../../engine/export/chat_export.ts";
import { chatExport, LOOKED_AT_MAX, roomOf } from "../../engine/export/export_chat.ts";
import { FILE_TYPES, type TEXT_FORMATS } from "../../engine/export/file_types.ts";
import type { ChatArchive, Span } from "./chat_archive.ts";
import { type Filter, NO_FILTER } from "./filter.ts";
import { RowMatcher, spanFor, withRemovals } from "./matching_rows.ts";

/** What to export: the messages that may have been sent within the span and meet the filter. */
export interface ExportRequest extends Span {
  readonly channel: string;
  readonly filter: Filter;
  /** Reads the text as a search does: as words and phrases. @default any part of a text */
  readonly hasWholeWords?: boolean;
  readonly format: (typeof TEXT_FORMATS)[number];
}

/** How far an export has come. */
export interface ExportProgress {
  /** The minute that is written. */
  readonly minuteUs: Micros;
  /** How many messages were written. */
  readonly messages: number;
}

/** An export that is finished. */
export interface ExportedFile {
  readonly blob: Blob;
  readonly messages: number;
}

interface Reading {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ExportProgress) => void;
}

/**
 * Writes what is shown as a file of another tool's format, as `chatloom export` does. Memory does not grow with it.
 *
 * @throws {ChatloomError} when the archive cannot be read, or a regular expression is none or takes too long.
 */
export async function exportShown(
  archive: ChatArchive,
  request: ExportRequest,
  reading: Reading,
): Promise<ExportedFile> {
  const { channel, format, fromUs } = request;
  const roomId = await findRoom(archive, request, reading.signal);
  const facts = { channel, roomId, startUs: fromUs, endUs: fromUs };
  const writer = chatExport(format);
  writer.begin(facts);
  let [messages, endUs] = [0, fromUs];
  async function* written(): AsyncGenerator<Uint8Array, void, undefined> {
    const encoder = new TextEncoder();
    for await (const { minuteUs, events } of eventsByMinute(archive, request, reading.signal)) {
      let text = "";
      for (const event of events) {
        text += writer.event(event);
        endUs = Math.max(endUs, event.endUs);
      }
      messages += events.length;
      reading.onProgress({ minuteUs, messages });
      yield encoder.encode(text);
    }
    yield encoder.encode(writer.end());
  }
  const [type] = FILE_TYPES[format];
  const { signal } = reading;
  const body = await streamToBlob(streamOf(written()), { type, signal });
  // A head tells the end, which is known now only.
  const head = chatExport(format).begin({ ...facts, endUs });
  return { blob: new Blob([head, body], { type }), messages };
}

/** The id of the room, of the first message that tells it, whether that is shown or not. */
async function findRoom(
  archive: ChatArchive,
  request: ExportRequest,
  signal: AbortSignal,
): Promise<string> {
  let looked = 0;
  const all = { ...request, filter: NO_FILTER };
  for await (const { events } of eventsByMinute(archive, all, signal)) {
    for (const event of events) {
      const roomId = roomOf(event);
      if (roomId !== "" || ++looked >= LOOKED_AT_MAX) return roomId;
    }
  }
  return "";
}

async function* eventsByMinute(
  archive: ChatArchive,
  { channel, filter, fromUs, untilUs, hasWholeWords = false }: ExportRequest,
  signal: AbortSignal,
): AsyncGenerator<{ readonly minuteUs: Micros; readonly events: readonly ExportedEvent[] }> {
  const matcher = new RowMatcher(filter, { hasWholeWords });
  // An event that begins in an earlier minute may last until now.
  const span = spanFor(filter, { fromUs: Math.max(0, fromUs - RANGE_MAX_US), untilUs });
  async function* minutes() {
    for await (const { minuteUs, bytes } of archive.minutes(channel, span, signal)) {
      signal.throwIfAborted();
      const events = splitBatch(bytes).flatMap((line, i): ExportedEvent[] => {
        const message = parseMessageLine(line, i + 1);
        const range = readRange(message);
        // What was removed from the span may have been removed after it.
        const isOf = filter.removed !== undefined || mayFallInto(range, { fromUs, untilUs });
        return isOf ? [{ ...range, line, message }] : [];
      });
      const messages = events.map(({ message }) => message);
      yield { minuteUs, messages, events };
    }
  }
  try {
    for await (
      const { minuteUs, messages, events, removals } of withRemovals(minutes(), { filter, untilUs })
    ) {
      const rows = await matcher.rows(messages, removals);
      const found = rows === undefined ? events : Array.from(rows, (i) => events[i]!);
      yield { minuteUs, events: found.filter((event) => mayFallInto(event, { fromUs, untilUs })) };
    }
  } finally {
    matcher.stop();
  }
}

function streamOf(
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const step = await pieces.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value);
    },
    async cancel() {
      await pieces.return();
    },
  });
}
