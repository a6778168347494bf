import { type ArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ChannelFiles } from "./files/channel_files.ts";
import { HourClosures, NEEDED_BACK_US, type ReadSpan } from "./hour_closures.ts";

/** What {@link readMinutes} reads. */
export interface ReadMinutesOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Checks that bytes are what their name says. */
  readonly hasher: Hasher;
  /** Is warned of each file that had to be left out, once for all readings. */
  readonly reporter: Reporter;
  /** Told of each file that was left out of this very reading. */
  readonly onLeftOut?: (key: ArchiveKey) => void;
  /** Called every few milliseconds of work: lets others run. @default never */
  readonly rest?: () => Promise<void>;
  /** Minutes from the one that holds this on. By default from the first. */
  readonly fromUs?: Micros | undefined;
  /** Minutes that start before this. By default to the last. */
  readonly untilUs?: Micros | undefined;
}

/** One minute of a channel. */
export interface ReadMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** Its messages, as one canonical batch: the file that the minute has in a settled archive. */
  readonly bytes: Uint8Array;
}

/**
 * Yields the minutes of `channel` that hold messages, in order, in the normal form: what a settled
 * archive would hold, whether this one is settled or not. Nothing that a redaction or a tombstone
 * forgets is in it. Memory does not grow with the archive.
 *
 * May run while others record, settle and sync: every message that was there at the start comes once.
 * What comes meanwhile may be in it or not; where it joins a message at the edge of two hours, that
 * message may come for both or neither.
 *
 * Files that are damaged, unreadable or misplaced are left out, and so are folders that cannot be
 * read; a redaction that cannot be read is not applied. Each is told of once and counted as
 * `files_left_out`.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* readMinutes(
  channel: string,
  options: ReadMinutesOptions,
): AsyncIterable<ReadMinute> {
  for await (const { minuteUs, lastUs, closure, files } of readSpans(channel, options)) {
    if (!closure.isComplete) {
      files.tellFault(`${channel}/chat`, "chain", "equal messages hang together for over a day");
    }
    for (let at = minuteUs; at <= lastUs; at += MINUTE_US) {
      options.signal?.throwIfAborted();
      const bytes = closure.normal.get(at);
      if (bytes !== undefined) yield { minuteUs: at, bytes };
    }
  }
}

// Minutes that are read together share their neighbours. Their files are in memory.
const TOGETHER_MAX = 8;
const TOGETHER_MAX_BYTES = 8 * 1024 * 1024;

/** Yields every minute that could hold a message, in order, some at a time; see {@link readMinutes}. */
async function* readSpans(
  channel: string,
  { fromUs = 0, untilUs = TIME_END_US, signal, ...options }: ReadMinutesOptions,
): AsyncIterable<ReadSpan & { readonly files: ChannelFiles }> {
  const abort = { signal };
  const files = new ChannelFiles(channel, options);
  const { store } = files;
  const hours = await hoursAround(store, { channel, fromUs, untilUs, abort });
  let countMax = 1; // Whoever waits for the first minute gets it soon.
  for (const hourUs of hours) {
    const hour = new HourClosures(hourUs, { store, files, abort, rest: options.rest });
    let nextUs = Math.max(hourUs, minuteOf(fromUs));
    while (true) {
      signal?.throwIfAborted();
      const wanted = Math.ceil((untilUs - nextUs) / MINUTE_US);
      const span = await hour.next(nextUs, { countMax: Math.max(1, Math.min(countMax, wanted)) });
      if (span === undefined || span.minuteUs >= untilUs) break;
      yield { ...span, files };
      countMax = nextCount(span);
      nextUs = span.lastUs + MINUTE_US;
      files.dropBefore(nextUs - NEEDED_BACK_US);
    }
  }
}

/** How many minutes may be read together next: more and more, as far as their files fit. */
function nextCount({ minuteUs, lastUs, closure }: ReadSpan): number {
  if (!closure.isComplete) return 1;
  let byteCount = 1;
  for (const { loaded } of closure.minutes.values()) {
    for (const { whole } of loaded) byteCount += whole?.bytes.length ?? 0;
  }
  const minuteCount = (lastUs - minuteUs) / MINUTE_US + 1;
  const fitting = Math.floor(TOGETHER_MAX_BYTES * minuteCount / byteCount);
  return Math.max(1, Math.min(TOGETHER_MAX, 2 * minuteCount, fitting));
}

/** The hours that have files, and those beside them, into which a message at the edge may belong. */
async function hoursAround(
  store: BatchStore,
  { channel, fromUs, untilUs, abort }: {
    readonly channel: string;
    readonly fromUs: Micros;
    readonly untilUs: Micros;
    readonly abort: AbortOptions;
  },
): Promise<Micros[]> {
  const hours = new Set<Micros>();
  for await (const name of store.folders(`${channel}/chat`, abort)) {
    const hourUs = parseHour(name);
    if (hourUs === undefined) continue;
    for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
      if (each + HOUR_US > fromUs && each < untilUs && each >= 0 && each < TIME_END_US) {
        hours.add(each);
      }
    }
  }
  return [...hours].sort((a, b) => a - b);
}
