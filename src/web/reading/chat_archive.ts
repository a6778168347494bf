import { parseHour } from "../../core/archive/archive_key.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import { type ReadMinute, readMinutes } from "../../engine/read/read_minutes.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { SILENT } from "../../ports/reporter.ts";

/** A stretch of server time, its end not included. */
export interface Span {
  readonly fromUs: Micros;
  readonly untilUs: Micros;
}

/** Chat to look at, wherever it is. */
export interface ChatArchive {
  /** Its channels, sorted. */
  channels(signal: AbortSignal): Promise<readonly string[]>;

  /** The hours of a channel that have files, ascending. */
  hours(channel: string, signal: AbortSignal): Promise<readonly Micros[]>;

  /** The minutes that start within `span` and hold messages, in order, in normal form. */
  minutes(channel: string, span: Span, signal: AbortSignal): AsyncIterable<ReadMinute>;
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
    minutes: (channel, span, signal) =>
      readMinutes(channel, { store, hasher, reporter: SILENT, ...span, signal }),
  };
}

/** From the start of the first hour to the end of the last. */
export function spanOfHours(hours: readonly Micros[]): Span | undefined {
  const [first] = hours;
  const last = hours.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { fromUs: first, untilUs: last + HOUR_US };
}
