import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../../core/time.ts";
import { Mutex } from "../../../async/mutex.ts";
import type { Lru } from "../../../core/lru.ts";
import type { MinuteSpan } from "../../read/minute_closure.ts";
import type { ChatMinute } from "./chat_bytes.ts";
import type { HeavyReads } from "./heavy_reads.ts";

/** What an {@link HourReader} reads with. */
export interface HourReaderOptions {
  readonly hourUs: Micros;
  /** Names this reader among all of the process. */
  readonly name: string;
  /** Minutes by the name that a file with just their lines has, shared by all readers. */
  readonly cache: Lru<ArchiveKey, Uint8Array>;
  /** Bounds what all readers together read and hold. */
  readonly heavyReads: HeavyReads;
  /**
   * Opens a reading of the hour's minutes from `fromUs` on; minutes without messages are skipped.
   * `onLeftOut` is called for each file that had to be left out.
   */
  readonly open: (
    fromUs: Micros,
    onLeftOut: (key: ArchiveKey) => void,
  ) => AsyncIterable<ChatMinute>;
  /** The name that a file with just these lines has. */
  readonly nameOf: (minute: ChatMinute) => Promise<ArchiveKey>;
  /** The bytes of the file of that name, if it is there and whole. */
  readonly recall: (key: ArchiveKey) => Promise<Uint8Array | undefined>;
}

/** What is known of a minute that was read. */
interface KnownMinute {
  /** The name that a file with just its lines has; `undefined` for no lines. */
  readonly key: ArchiveKey | undefined;
  /** The minutes that decide it; `undefined` if that is not known. */
  readonly decidedBy: MinuteSpan | undefined;
}

/** Opening a reading costs about as much as reading so far. */
const SKIPPED_MAX_US = 3 * MINUTE_US;

/**
 * One hour of a channel while its listing stays the same, read once for all requests
 * at the same time, and as far as any of them needs it.
 *
 * Minutes are read in the order of the requests, one at a time. A minute that the cache dropped
 * is read again; but once its content is known, and stands in one file, as it
 * does in a settled archive, only that file.
 */
export class HourReader {
  readonly #options: HourReaderOptions;
  readonly #known = new Map<Micros, KnownMinute>();
  readonly #mutex = new Mutex();
  #reading: { readonly minutes: AsyncIterator<ChatMinute>; nextUs: Micros } | undefined;
  readonly #leftOut = new Set<ArchiveKey>();

  /** Reads nothing before a caller asks for a minute. */
  constructor(options: HourReaderOptions) {
    this.#options = options;
  }

  /** Its name. */
  get name(): string {
    return this.#options.name;
  }

  /**
   * The files that had to be left out. Once one of them can be used, because the right bytes were put
   * in its place, the same listing means more.
   */
  get leftOut(): ReadonlySet<ArchiveKey> {
    return this.#leftOut;
  }

  /**
   * Takes over what `earlier` knows of the same hour under another listing, where by both listings all
   * minutes that decide it are the same.
   */
  adopt(earlier: HourReader, isSame: (span: MinuteSpan) => boolean): void {
    for (const key of earlier.#leftOut) this.#leftOut.add(key);
    for (const [minuteUs, known] of earlier.#known) {
      if (known.decidedBy === undefined || !isSame(known.decidedBy)) continue;
      if (!this.#known.has(minuteUs)) this.#known.set(minuteUs, known);
    }
  }

  /** Takes over, for minutes of which nothing is known, the names of the files that hold just their lines. */
  learn(minutes: Iterable<readonly [Micros, ArchiveKey | undefined]>): void {
    for (const [minuteUs, key] of minutes) {
      if (!this.#known.has(minuteUs)) this.#known.set(minuteUs, { key, decidedBy: undefined });
    }
  }

  /**
   * The lines of one minute; empty if there are none.
   *
   * @throws {ChatloomError} when the store fails. Asking again tries again.
   */
  minute(minuteUs: Micros): Promise<Uint8Array> {
    const held = this.#held(minuteUs);
    if (held !== undefined) return Promise.resolve(held);
    const { heavyReads } = this.#options;
    return this.#mutex.run(() => heavyReads.run(() => this.#read(minuteUs)));
  }

  /** Closes the open reading, after the minutes that are being read now. */
  close(): void {
    this.#mutex.run(() => this.#endReading()).catch(() => {}); // Its minutes were given already.
  }

  async #read(minuteUs: Micros): Promise<Uint8Array> {
    const { cache, heavyReads, hourUs, open, nameOf } = this.#options;
    // An earlier request may have read it.
    const held = this.#held(minuteUs) ?? await this.#recall(minuteUs);
    if (held !== undefined) return held;
    const aheadUs = minuteUs - (this.#reading?.nextUs ?? Infinity);
    if (!(aheadUs >= 0 && aheadUs <= SKIPPED_MAX_US)) {
      await this.#endReading();
      const minutes = open(minuteUs, (key) => this.#leftOut.add(key));
      this.#reading = { minutes: minutes[Symbol.asyncIterator](), nextUs: minuteUs };
    }
    // An open reading holds several minutes and their neighbours: few readers may keep theirs.
    heavyReads.keepOpen(this);
    const reading = this.#reading!;
    try {
      while (reading.nextUs <= minuteUs) {
        const step = await reading.minutes.next();
        const foundUs = step.done ? hourUs + HOUR_US : step.value.minuteUs;
        const decidedBy = step.done ? undefined : step.value.decidedBy;
        for (; reading.nextUs < foundUs; reading.nextUs += MINUTE_US) {
          const emptyBy = decidedBy && withNeighbours(decidedBy, reading.nextUs);
          this.#known.set(reading.nextUs, { key: undefined, decidedBy: emptyBy });
        }
        if (step.done) {
          this.#reading = undefined;
          heavyReads.forget(this);
          return NOTHING;
        }
        const key = await nameOf(step.value);
        cache.set(key, step.value.bytes);
        this.#known.set(foundUs, { key, decidedBy });
        reading.nextUs = foundUs + MINUTE_US;
        if (reading.nextUs >= hourUs + HOUR_US) await this.#endReading();
        if (foundUs === minuteUs) return step.value.bytes;
      }
      return NOTHING;
    } catch (error) {
      this.#reading = undefined;
      heavyReads.forget(this);
      throw error;
    }
  }

  #held(minuteUs: Micros): Uint8Array | undefined {
    const known = this.#known.get(minuteUs);
    if (known === undefined) return undefined;
    return known.key === undefined ? NOTHING : this.#options.cache.get(known.key);
  }

  async #recall(minuteUs: Micros): Promise<Uint8Array | undefined> {
    const { cache, recall } = this.#options;
    const key = this.#known.get(minuteUs)?.key;
    if (key === undefined) return undefined;
    const bytes = await recall(key);
    if (bytes === undefined) this.#known.delete(minuteUs); // Not settled, or damaged.
    else cache.set(key, bytes);
    return bytes;
  }

  async #endReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    this.#options.heavyReads.forget(this);
    await reading?.minutes.return?.();
  }
}

/** A minute that no file is near to depends on those beside it. */
function withNeighbours({ fromUs, toUs }: MinuteSpan, minuteUs: Micros): MinuteSpan {
  return {
    fromUs: Math.min(fromUs, minuteUs - MINUTE_US),
    toUs: Math.max(toUs, minuteUs + MINUTE_US),
  };
}

const NOTHING = new Uint8Array();
