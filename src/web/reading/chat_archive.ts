import { parseHour } from "../../core/archive/archive_key.ts";
import type { Message } from "../../core/batch/message.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { type Coverage, joinSpans } from "../../core/coverage/coverage.ts";
import type { MessageFilter } from "../../core/text/message_filter.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import { readHourCoverage } from "../../engine/coverage/read_coverage.ts";
import { type ReadMinute, readMinutes } from "../../engine/read/read_minutes.ts";
import { storedFigures } from "./stored_figures.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { noopReporter } from "../../ports/reporter.ts";

/** A stretch of server time, its end not included. */
export interface Span {
  readonly fromUs: Micros;
  readonly untilUs: Micros;
}

/** A source of chat for the page. */
export interface ChatArchive {
  /** Its channels, sorted. */
  channels(signal: AbortSignal): Promise<readonly string[]>;

  /** The hours of a channel that have files, ascending. */
  hours(channel: string, signal: AbortSignal): Promise<readonly Micros[]>;

  /**
   * The minutes that start within `span` and hold messages, in order, in normal form. Messages that are not
   * `wanted` may be left out; its text is not looked at.
   */
  minutes(
    channel: string,
    span: Span & { readonly wanted?: MessageFilter },
    signal: AbortSignal,
  ): AsyncIterable<ReadMinute>;

  /**
   * Lines of canonical JSON as they are received, some at a time, until `signal` aborts.
   *
   * @throws {ChatloomError} when the archive has no feed, or its connection breaks.
   */
  follow(channel: string, signal: AbortSignal): AsyncIterable<readonly string[]>;

  /**
   * The minutes within `span`, whole hours and at most a day, in which a receiver is known to have
   * listened, in order.
   */
  coverage(channel: string, span: Span, signal: AbortSignal): Promise<readonly ListenedMinute[]>;

  /**
   * A page of what a search finds, newest first, where the source searches by itself, by an index; `undefined` if
   * it cannot.
   */
  search?(
    channel: string,
    query: NodeSearch,
    signal: AbortSignal,
  ): Promise<NodeFindings | undefined>;

  /** What is known of the hours that overlap `span` and have chat or coverage, ascending, some at a time. */
  figures(channel: string, span: Span, signal: AbortSignal): AsyncIterable<readonly HourFigures[]>;
}

/** A search as a source takes it that searches by itself. Empty texts ask for nothing. */
export interface NodeSearch extends Span {
  /** Words and phrases in quotes, as `parseTextSearch` reads them. */
  readonly q: string;
  /** A regular expression instead. */
  readonly regex: string;
  readonly user: string;
  readonly command: string;
  /** Where the page before ended; empty at first. */
  readonly cursor: string;
  readonly limit: number;
}

/** A page of such a search. */
export interface NodeFindings {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** The cursor of the next page; `undefined` when all was searched. */
  readonly next: string | undefined;
  /** All from here to the end was searched. */
  readonly searchedFromUs: Micros;
}

/** What is known of an hour: how many messages it has, and how much of it was listened to. */
export interface HourFigures {
  /** When it starts. */
  readonly hourUs: Micros;
  /** How many messages of any kind it holds; `undefined` where they are not counted. */
  readonly messages: number | undefined;
  /** In how many of its seconds a receiver listened; `undefined` where no receiver left coverage of it. */
  readonly listenedS: number | undefined;
}

/** A minute in which a receiver listened. */
export interface ListenedMinute {
  readonly minuteUs: Micros;
  /** In how many of its seconds. */
  readonly listenedS: number;
}

/** The chat in a store. */
export function storedChat(store: BatchStore, hasher: Hasher): ChatArchive {
  return {
    async channels(signal) {
      const channels: string[] = [];
      for await (const channel of store.folders("", { signal })) channels.push(channel);
      return channels;
    },
    async hours(channel, signal) {
      const hours: Micros[] = [];
      for await (const name of store.folders(`${channel}/chat`, { signal })) {
        const hourUs = parseHour(name);
        if (hourUs !== undefined) hours.push(hourUs);
      }
      return hours.sort((a, b) => a - b);
    },
    minutes: (channel, { fromUs, untilUs }, signal) =>
      readMinutes(channel, { store, hasher, reporter: noopReporter, fromUs, untilUs, signal }),
    follow() {
      throw new ChatloomError("INPUT_UNREADABLE", "Cannot follow an archive of files");
    },
    async coverage(channel, { fromUs, untilUs }, signal) {
      const found: ListenedMinute[] = [];
      for (let hourUs = fromUs; hourUs < untilUs; hourUs += HOUR_US) {
        const options = { store, hasher, reporter: noopReporter, signal };
        found.push(...listenedMinutes(hourUs, await readHourCoverage(channel, hourUs, options)));
      }
      return found;
    },
    figures: (channel, span, signal) => storedFigures(channel, { store, hasher, span, signal }),
  };
}

function listenedMinutes(hourUs: Micros, coverage: Coverage): ListenedMinute[] {
  const spans = joinSpans([...coverage.values()].flat());
  const minutes = new Map<Micros, number>();
  for (const [fromS, toS] of spans) {
    for (let atS = fromS; atS < toS;) {
      const minute = Math.floor(atS / 60);
      const untilS = Math.min(toS, (minute + 1) * 60);
      const minuteUs = hourUs + minute * MINUTE_US;
      minutes.set(minuteUs, (minutes.get(minuteUs) ?? 0) + untilS - atS);
      atS = untilS;
    }
  }
  return [...minutes].map(([minuteUs, listenedS]) => ({ minuteUs, listenedS }));
}

/** What is read first of a day's chat: from a minute to the end of its hour, or of the day. */
export function restOfHour(fromUs: Micros, dayEndUs: Micros): Span {
  return { fromUs, untilUs: Math.min(dayEndUs, fromUs - fromUs % HOUR_US + HOUR_US) };
}

/** From the start of the first hour to the end of the last. */
export function spanOfHours(hours: readonly Micros[]): Span | undefined {
  const [first] = hours;
  const last = hours.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { fromUs: first, untilUs: last + HOUR_US };
}
