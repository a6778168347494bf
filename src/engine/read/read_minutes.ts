import { type ArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ChannelFiles } from "./files/channel_files.ts";
import { closeOver, type Closure, earlier, later, type MinuteFiles } from "./close_over.ts";
import { HourSnapshot, SnapshotGone, widened } from "./hour_snapshot.ts";

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
  readonly fromUs?: Micros;
  /** Minutes that start before this. By default to the last. */
  readonly untilUs?: Micros;
}

/** A minute needs the one before it, and the one before that where messages overlap. */
const NEEDED_BACK_US: Micros = 2 * MINUTE_US;

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
  for await (const { minuteUs, closure, files } of readClosures(channel, options)) {
    const bytes = closure.normal.get(minuteUs);
    if (!closure.isComplete) {
      files.tellFault(`${channel}/chat`, "chain", "equal messages hang together for over a day");
    }
    if (bytes !== undefined) yield { minuteUs, bytes };
  }
}

/** A minute with all that decides what stands in it. */
interface ReadClosure {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** What was read. */
  readonly closure: Closure;
  /** Where it was read from. */
  readonly files: ChannelFiles;
}

/** Yields every minute that could hold a message, in order; see {@link readMinutes}. */
async function* readClosures(
  channel: string,
  { fromUs = 0, untilUs = TIME_END_US, signal, ...options }: ReadMinutesOptions,
): AsyncIterable<ReadClosure> {
  const abort = signal === undefined ? {} : { signal };
  const files = new ChannelFiles(channel, options);
  const { store } = files;
  const hours = await hoursAround(store, { channel, fromUs, untilUs, abort });
  for (const hourUs of hours) {
    const hour = new HourReader(hourUs, { store, files, abort, rest: options.rest });
    let nextUs = Math.max(hourUs, minuteOf(fromUs));
    while (true) {
      signal?.throwIfAborted();
      const step = await hour.next(nextUs);
      if (step === undefined || step.minuteUs >= untilUs) break;
      yield { ...step, files };
      nextUs = step.minuteUs + MINUTE_US;
      files.dropBefore(nextUs - NEEDED_BACK_US);
    }
  }
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

// A file that is gone was settled, or hidden: in the next snapshot all is in its place.
const TRIES_MAX = 100;

/** Reads one hour, minute by minute, and starts over where the archive changes beneath. */
class HourReader {
  readonly #hourUs: Micros;
  readonly #source: {
    readonly store: BatchStore;
    readonly files: ChannelFiles;
    readonly abort: AbortOptions;
    readonly rest: (() => Promise<void>) | undefined;
  };
  #span: { readonly fromUs: Micros; readonly toUs: Micros };
  #snapshot: HourSnapshot | undefined;

  constructor(
    hourUs: Micros,
    source: {
      readonly store: BatchStore;
      readonly files: ChannelFiles;
      readonly abort: AbortOptions;
      readonly rest: (() => Promise<void>) | undefined;
    },
  ) {
    this.#hourUs = hourUs;
    this.#source = source;
    // Nothing reaches further than to the next minutes but one, unless chains do.
    this.#span = {
      fromUs: earlier(hourUs, 3 * MINUTE_US),
      toUs: later(hourUs + HOUR_US - 1, 3 * MINUTE_US),
    };
  }

  /** The first minute of the hour from `fromUs` on that could hold a message. */
  async next(fromUs: Micros): Promise<{ minuteUs: Micros; closure: Closure } | undefined> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#snapshot ??= await HourSnapshot.take(this.#span, this.#source);
      const minuteUs = this.#firstMinute(this.#snapshot, fromUs);
      if (minuteUs === undefined) return undefined;
      try {
        const span = { fromUs: minuteUs, toUs: minuteUs };
        const { rest } = this.#source;
        return { minuteUs, closure: await closeOver(span, (at) => this.#load(at), rest) };
      } catch (error) {
        if (!(error instanceof SnapshotGone)) throw error;
        this.#snapshot = undefined;
      }
    }
    const { channel } = this.#source.files;
    throw new ChatloomError("STORE_IO", `Cannot read "${channel}": files vanish all the time`);
  }

  #firstMinute(snapshot: HourSnapshot, fromUs: Micros): Micros | undefined {
    for (const minuteUs of snapshot.minutes()) {
      for (const each of [minuteUs - MINUTE_US, minuteUs, minuteUs + MINUTE_US]) {
        if (each >= fromUs && each >= 0 && hourOf(each) === this.#hourUs) return each;
      }
    }
    return undefined;
  }

  async #load(minuteUs: Micros): Promise<MinuteFiles> {
    if (this.#snapshot === undefined || !this.#snapshot.holds(minuteUs)) {
      // All hours have to be of one moment, or what moved between two would be missed.
      this.#span = widened(this.#span, minuteUs);
      throw new SnapshotGone(`${this.#source.files.channel}/chat`);
    }
    return await this.#snapshot.load(minuteUs);
  }
}
