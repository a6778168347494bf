import { splitBatch } from "../../core/batch/batch.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import type { Message } from "../../core/batch/message.ts";
import {
  type Micros,
  MILLISECOND_US,
  MINUTE_US,
  minuteOf,
  readStart,
  SECOND_US,
} from "../../core/time.ts";
import {
  type ChatArchive,
  type HourFigures,
  type ListenedMinute,
  type Span,
  spanOfHours,
} from "./chat_archive.ts";
import { search, type SearchEnd, type SearchOptions, type SearchRequest } from "./chat_search.ts";
import {
  type ExportedFile,
  type ExportProgress,
  type ExportRequest,
  exportShown,
} from "./shown_export.ts";
import { followChat } from "./chat_follow.ts";
import { REMOVAL_REACH_US, Removals } from "./removals/removals.ts";
import type { Filter } from "./filter.ts";
import { RowMatcher, spanFor, withRemovals } from "./matching_rows.ts";
import { MinuteCache } from "./minute_cache.ts";
import { type MinuteSummary, RECEIVERS_TOLD_APART, scanMinute } from "./minute_summary.ts";

/** A channel and from when to when there are files of it. */
export interface ChannelSpan extends Span {
  readonly channel: string;
  /** Hours that have files. */
  readonly hours: readonly Micros[];
}

/** What {@link ChatReader.read} reads. */
export interface ReadRequest extends Span {
  readonly channel: string;
  readonly filter: Filter;
  /** How many messages to tell along with what is read first, so that they need not be asked for. @default 0 */
  readonly screenful?: number;
}

/** A minute that was read. */
export interface FoundMinute {
  readonly summary: MinuteSummary;
  /** Which of its messages meet the filter; all if there is none. */
  readonly rows: Uint32Array | undefined;
  /** The messages at its first rows; others have to be asked for. @default none */
  readonly messages?: readonly Message[];
}

/** Messages of each second of a minute, as in {@link MinuteSummary.byReceivers}. */
export interface MinuteSeconds {
  readonly minuteUs: Micros;
  readonly seconds: readonly (readonly number[])[];
}

/** Which message {@link ChatReader.locate} finds. */
export interface Location {
  readonly channel: string;
  readonly atUs: Micros;
  /** Its id, if it is known. */
  readonly id?: string | undefined;
}

const TELL_EVERY_MS = 80;

/** Reads chat for display: first which messages there are, the messages themselves once they are shown. */
export class ChatReader {
  readonly #archive: ChatArchive;
  readonly #cache = new MinuteCache();

  /** Reads from `archive`. */
  constructor(archive: ChatArchive) {
    this.#archive = archive;
  }

  /** The names of the channels, sorted. */
  channels(signal: AbortSignal): Promise<readonly string[]> {
    return this.#archive.channels(signal);
  }

  /** From when to when there are files of a channel; `undefined` if there are none. */
  async span(channel: string, signal: AbortSignal): Promise<ChannelSpan | undefined> {
    const hours = await this.#archive.hours(channel, signal);
    const span = spanOfHours(hours);
    return span === undefined ? undefined : { channel, hours, ...span };
  }

  /**
   * Calls `onProgress` with all minutes in a span, in order, some at a time, the first as soon as it is
   * read.
   */
  async read(
    { channel, filter, screenful = 0, ...span }: ReadRequest,
    { signal, onProgress }: {
      readonly signal: AbortSignal;
      readonly onProgress: (minutes: readonly FoundMinute[]) => void;
    },
  ): Promise<void> {
    const matcher = new RowMatcher(filter);
    let found: FoundMinute[] = [];
    let [toldMs, missing] = [screenful === 0 ? -Infinity : performance.now(), screenful];
    const tell = (): void => {
      if (found.length > 0) onProgress(found);
      found = [];
      toldMs = performance.now();
    };
    try {
      // All of a day is read: its counts are of all messages.
      const { untilUs } = spanFor(filter, span);
      const minutes = this.#scanned(channel, { ...span, untilUs }, signal);
      for await (
        const { summary, messages, removals } of withRemovals(minutes, { filter, ...span })
      ) {
        const rows = await matcher.rows(messages, removals);
        if (missing === 0) found.push({ summary, rows });
        else {
          const first = rows === undefined
            ? messages.slice(0, missing)
            : Array.from(rows.subarray(0, missing), (row) => messages[row]!);
          found.push({ summary, rows, messages: first });
          missing -= first.length;
          if (missing === 0) tell();
        }
        if (performance.now() - toldMs >= TELL_EVERY_MS) tell();
      }
      tell();
    } finally {
      matcher.stop();
    }
  }

  async *#scanned(channel: string, span: Span, signal: AbortSignal) {
    for await (const { minuteUs, bytes } of this.#archive.minutes(channel, span, signal)) {
      signal.throwIfAborted();
      this.#cache.keep(channel, minuteUs, bytes);
      yield { minuteUs, ...scanMinute(minuteUs, bytes) };
    }
  }

  /** Searches a channel from the last message back; see {@link search}. */
  search(request: SearchRequest, options: SearchOptions): Promise<SearchEnd> {
    return search(this.#archive, request, options);
  }

  /** Writes messages as a file; see {@link exportShown}. */
  export(
    request: ExportRequest,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: ExportProgress) => void;
    },
  ): Promise<ExportedFile> {
    return exportShown(this.#archive, request, options);
  }

  /**
   * Calls `onProgress` with minutes that get messages, as the node receives them, until it ends the feed. A filter of
   * removed messages finds those whose removal the feed told; earlier minutes have to be read again.
   */
  async follow(
    { channel, filter }: { readonly channel: string; readonly filter: Filter },
    { signal, onProgress }: {
      readonly signal: AbortSignal;
      readonly onProgress: (minutes: readonly FoundMinute[]) => void;
    },
  ): Promise<void> {
    const matcher = new RowMatcher(filter);
    const kept = { bytes: (minuteUs: Micros) => this.#cache.bytes(channel, minuteUs) };
    const removals = filter.removed === undefined ? undefined : new Removals();
    try {
      for await (const grown of followChat(this.#archive, channel, { kept, signal })) {
        const found: FoundMinute[] = [];
        for (const { minuteUs, bytes } of grown) {
          this.#cache.keep(channel, minuteUs, bytes);
          const { summary, messages } = scanMinute(minuteUs, bytes);
          removals?.add(summary.clears);
          removals?.forgetBefore(minuteUs - REMOVAL_REACH_US);
          found.push({ summary, rows: await matcher.rows(messages, removals) });
        }
        onProgress(found);
      }
    } finally {
      matcher.stop();
    }
  }

  /** The messages at `rows` of a minute; those that are not there are left out. */
  async rows(
    { channel, minuteUs, rows }: {
      readonly channel: string;
      readonly minuteUs: Micros;
      readonly rows: readonly number[];
    },
    signal: AbortSignal,
  ): Promise<Message[]> {
    const lines = await this.#lines(channel, minuteUs, signal);
    return rows.flatMap((row) => {
      const line = lines[row];
      return line === undefined ? [] : [parseCanonicalLine(line)];
    });
  }

  /**
   * The place in its minute of the message with an id; without it, of the first message at or after `atUs`;
   * the count if there is none.
   */
  async locate({ channel, atUs, id }: Location, signal: AbortSignal): Promise<number> {
    const lines = await this.#lines(channel, minuteOf(atUs), signal);
    if (id !== undefined && id !== "") {
      const named = lines.findIndex((line) =>
        line.includes(id) && parseCanonicalLine(line).tags?.["id"] === id
      );
      if (named !== -1) return named;
    }
    // Addresses know milliseconds, ranges microseconds.
    const row = lines.findIndex((line) =>
      readStart(parseCanonicalLine(line).time) > atUs - MILLISECOND_US
    );
    return row === -1 ? lines.length : row;
  }

  /** How many messages each second of a span had, minute by minute. */
  async seconds(channel: string, span: Span, signal: AbortSignal): Promise<MinuteSeconds[]> {
    const found: MinuteSeconds[] = [];
    for await (const { minuteUs, bytes } of this.#archive.minutes(channel, span, signal)) {
      signal.throwIfAborted();
      const seconds = Array.from(
        { length: 60 },
        () => new Array<number>(RECEIVERS_TOLD_APART).fill(0),
      );
      for (const line of splitBatch(bytes)) {
        const { time, receivers } = parseCanonicalLine(line);
        const second = Math.floor((readStart(time) - minuteUs) / SECOND_US);
        const heard = Math.min(Object.keys(receivers).length, RECEIVERS_TOLD_APART) - 1;
        const counts = seconds[Math.min(59, Math.max(0, second))]!;
        counts[Math.max(0, heard)] = counts[Math.max(0, heard)]! + 1;
      }
      found.push({ minuteUs, seconds });
    }
    return found;
  }

  /** In which minutes of whole hours, at most a day, a receiver is known to have listened. */
  coverage(channel: string, span: Span, signal: AbortSignal): Promise<readonly ListenedMinute[]> {
    return this.#archive.coverage(channel, span, signal);
  }

  /** Calls `onProgress` with what is known of the hours of a span, in order, some at a time. */
  async figures(
    { channel, ...span }: Span & { readonly channel: string },
    { signal, onProgress }: {
      readonly signal: AbortSignal;
      readonly onProgress: (hours: readonly HourFigures[]) => void;
    },
  ): Promise<void> {
    for await (const hours of this.#archive.figures(channel, span, signal)) {
      signal.throwIfAborted();
      onProgress(hours);
    }
  }

  async #lines(channel: string, minuteUs: Micros, signal: AbortSignal): Promise<readonly string[]> {
    const kept = this.#cache.lines(channel, minuteUs);
    if (kept !== undefined) return kept;
    const span = { fromUs: minuteUs, untilUs: minuteUs + MINUTE_US };
    for await (const minute of this.#archive.minutes(channel, span, signal)) {
      if (minute.minuteUs !== minuteUs) continue;
      this.#cache.keep(channel, minuteUs, minute.bytes);
      return this.#cache.lines(channel, minuteUs) ?? splitBatch(minute.bytes);
    }
    return [];
  }
}
