import { type ArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { SettledHours } from "../notes/settled_hours.ts";
import { ChannelFiles } from "./files/channel_files.ts";
import type { LoadedBatches } from "./files/loaded_batches.ts";
import { HourClosures, NEEDED_BACK_US, type ReadSpan } from "./hour_closures.ts";
import { decidingSpan, type MinuteSpan } from "./minute_closure.ts";
import { passSettled } from "./pass_settled.ts";

/** What {@link readMinutes} reads. */
export interface ReadMinutesOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Checks that bytes match the hash in their name. */
  readonly hasher: Hasher;
  /** Gets one warning for each file that had to be left out, over all readings. */
  readonly reporter: Reporter;
  /** Called for each file that was left out of this reading. */
  readonly onLeftOut?: (key: ArchiveKey) => void;
  /** Called every few milliseconds of work: lets other tasks run. @default never */
  readonly rest?: () => Promise<void>;
  /**
   * Where is noted which hours are settled: of those that still have just the same files only the hashes are
   * checked. Without it, all are looked at.
   */
  readonly settled?: SettledNotes | undefined;
  /** Whether {@link ReadMinute.decidedBy} is wanted, which takes time. @default false */
  readonly tellsDecidedBy?: boolean;
  /** Minutes from the one that holds this on. @default from the first */
  readonly fromUs?: Micros | undefined;
  /** Minutes that start before this. @default to the last */
  readonly untilUs?: Micros | undefined;
}

/** What {@link readMinutesSharing} reads. */
export interface SharingOptions extends ReadMinutesOptions {
  /** Batches that other readings have read. @default none */
  readonly shared?: LoadedBatches | undefined;
}

/** One minute of a channel. */
export interface ReadMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** Its messages, as one canonical batch: the file that the minute has in a settled archive. */
  readonly bytes: Uint8Array;
  /** The file with just these bytes, of which the hash was checked; `undefined` if none was read. */
  readonly key?: ArchiveKey | undefined;
  /**
   * The minutes whose files, with the redactions, decide what stands here and that nothing stands in the
   * minutes between the one yielded before and this, as far as they or their neighbours have files;
   * `undefined` if that is not known.
   */
  readonly decidedBy?: MinuteSpan | undefined;
}

/**
 * Yields the minutes of `channel` that hold messages, in order, in the normal form: what a settled
 * archive would hold, whether this one is settled or not. A match of a redaction or a tombstone
 * is left out. Memory does not grow with the archive.
 *
 * May run while other processes record, settle and sync: every message that was there at the start comes
 * once. A message that comes meanwhile may be in it or not; where it joins one at the edge of two hours,
 * that message may come for both or neither.
 *
 * Files that are damaged, unreadable or misplaced are left out, and so are folders that cannot be
 * read; a redaction that cannot be read is not applied. Each is reported once and counted as
 * `files_left_out`.
 *
 * @throws {ChatloomError} when the store fails.
 */
export function readMinutes(
  channel: string,
  options: ReadMinutesOptions,
): AsyncIterable<ReadMinute> {
  return readMinutesSharing(channel, options);
}

/** As {@link readMinutes}, for many readings of one process, which read and check each batch once. */
export async function* readMinutesSharing(
  channel: string,
  options: SharingOptions,
): AsyncIterable<ReadMinute> {
  const { fromUs = 0, untilUs = TIME_END_US, settled: notes, signal, hasher, reporter } = options;
  const abort = { signal };
  const files = new ChannelFiles(channel, options);
  const { store } = files;
  const settled = notes &&
    await SettledHours.open(channel, [], { notes, hasher, reporter, signal });
  const { tellsDecidedBy = false } = options;
  // The first minute is waited for.
  const reach: Reach = { untilUs, signal, files, tellsDecidedBy, countMax: 1 };
  for (const hourUs of await hoursAround(store, { channel, fromUs, untilUs, abort })) {
    signal?.throwIfAborted();
    const hour = new HourClosures(hourUs, { store, files, abort, rest: options.rest });
    let nextUs = Math.max(hourUs, minuteOf(fromUs));
    const snapshot = settled && await hour.settledBy(settled);
    if (snapshot !== undefined) {
      nextUs = yield* passSettled(snapshot, { hourUs, fromUs: nextUs, untilUs, signal });
    }
    if (nextUs < hourUs + HOUR_US) yield* readSpans(hour, nextUs, reach);
  }
}

// Minutes that are read together share their neighbours. Their files are in memory.
const TOGETHER_MAX = 8;
const TOGETHER_MAX_BYTES = 8 * 1024 * 1024;

/** How far is read, and how. */
interface Reach {
  readonly untilUs: Micros;
  readonly signal: AbortSignal | undefined;
  readonly files: ChannelFiles;
  readonly tellsDecidedBy: boolean;
  /** How many minutes may be read together next. */
  countMax: number;
}

/** Yields the minutes of an hour from `fromUs` on, in order; they are put together, some at a time. */
async function* readSpans(
  hour: HourClosures,
  fromUs: Micros,
  reach: Reach,
): AsyncIterable<ReadMinute> {
  const { untilUs, signal, files, tellsDecidedBy } = reach;
  let decidedBy: MinuteSpan | undefined;
  for (let nextUs = fromUs;;) {
    signal?.throwIfAborted();
    const wanted = Math.ceil((untilUs - nextUs) / MINUTE_US);
    const countMax = Math.max(1, Math.min(reach.countMax, wanted));
    const span = await hour.next(nextUs, { countMax });
    if (span === undefined || span.minuteUs >= untilUs) return;
    const { minuteUs, lastUs, closure } = span;
    if (!closure.isComplete) {
      const reason = "a chain of equal messages is over a day long";
      files.tellFault(`${files.channel}/chat`, "chain", reason);
    }
    for (let at = minuteUs; at <= lastUs; at += MINUTE_US) {
      signal?.throwIfAborted();
      if (tellsDecidedBy) decidedBy = unite(decidingSpan(closure, at), decidedBy);
      const bytes = closure.normal.get(at);
      if (bytes === undefined) continue;
      const { loaded } = closure.minutes.get(at)!;
      const key = loaded.find(({ whole }) => whole?.bytes === bytes)?.key;
      yield { minuteUs: at, bytes, key, decidedBy };
      decidedBy = undefined;
    }
    reach.countMax = nextCount(span);
    nextUs = lastUs + MINUTE_US;
    files.dropBefore(nextUs - NEEDED_BACK_US);
  }
}

/** From the first minute of both to the last. */
function unite(one: MinuteSpan, other: MinuteSpan | undefined): MinuteSpan {
  if (other === undefined) return one;
  return { fromUs: Math.min(one.fromUs, other.fromUs), toUs: Math.max(one.toUs, other.toUs) };
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
