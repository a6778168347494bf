import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../../core/time.ts";
import { Mutex } from "../../../async/mutex.ts";
import type { Lru } from "../../../core/lru.ts";
import type { ChatMinute } from "./chat_bytes.ts";
import type { HeavyReads } from "./heavy_reads.ts";

/** What an {@link HourReader} reads with. */
export interface HourReaderOptions {
  readonly hourUs: Micros;
  /** Names this reader among all that share the cache. */
  readonly name: string;
  readonly cache: Lru<string, Uint8Array>;
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
  /** Minute → the name that a file with just its lines has; `undefined` for no lines. */
  readonly #names = new Map<Micros, ArchiveKey | undefined>();
  readonly #mutex = new Mutex();
  #reading: { readonly minutes: AsyncIterator<ChatMinute>; nextUs: Micros } | undefined;
  readonly #leftOut = new Set<ArchiveKey>();

  /** Reads nothing before a caller asks for a minute. */
  constructor(options: HourReaderOptions) {
    this.#options = options;
  }

  /** Its name in the cache. */
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
   * The lines of one minute; empty if there are none.
   *
   * @throws {ChatloomError} when the store fails. Asking again tries again.
   */
  minute(minuteUs: Micros): Promise<Uint8Array> {
    const held = this.#options.cache.get(this.#entry(minuteUs));
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
    const held = cache.get(this.#entry(minuteUs)) ?? await this.#recall(minuteUs);
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
        for (; reading.nextUs < foundUs; reading.nextUs += MINUTE_US) {
          this.#names.set(reading.nextUs, undefined);
        }
        if (step.done) {
          this.#reading = undefined;
          heavyReads.forget(this);
          return NOTHING;
        }
        cache.set(this.#entry(foundUs), step.value.bytes);
        this.#names.set(foundUs, await nameOf(step.value));
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

  async #recall(minuteUs: Micros): Promise<Uint8Array | undefined> {
    const { cache, recall } = this.#options;
    if (!this.#names.has(minuteUs)) return undefined;
    const key = this.#names.get(minuteUs);
    if (key === undefined) return NOTHING;
    const bytes = await recall(key);
    if (bytes === undefined) this.#names.delete(minuteUs); // Not settled, or damaged.
    else cache.set(this.#entry(minuteUs), bytes);
    return bytes;
  }

  async #endReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    this.#options.heavyReads.forget(this);
    await reading?.minutes.return?.();
  }

  #entry(minuteUs: Micros): string {
    return `${this.#options.name} ${minuteUs}`;
  }
}

const NOTHING = new Uint8Array();
