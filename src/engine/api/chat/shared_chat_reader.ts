import {
  type ArchiveKey,
  batchKey,
  formatHour,
  hourPrefix,
  parseArchiveKey,
  parseHour,
  redactionPrefix,
} from "../../../core/archive/archive_key.ts";
import { collect } from "../../../async/collect.ts";
import { Coalescer } from "../../../async/coalescer.ts";
import { Lru } from "../../../core/lru.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import {
  HOUR_US,
  hourOf,
  type Micros,
  MINUTE_US,
  minuteOf,
  RANGE_MAX_US,
} from "../../../core/time.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { SettledNotes } from "../../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { readMinutesSharing, type SharingOptions } from "../../read/read_minutes.ts";
import { LoadedBatches } from "../../read/files/loaded_batches.ts";
import { loadBatch } from "../../read/files/load_batch.ts";
import { loadRedaction } from "../../read/files/load_redactions.ts";
import { readEntry } from "../../read/files/read_entry.ts";
import type { ChatMinute } from "./chat_bytes.ts";
import { HeavyReads } from "./heavy_reads.ts";
import { type HourListing, listSame } from "./hour_listing.ts";
import { HourReader } from "./hour_reader.ts";
import { KnownSettled, type PlainMinute } from "./known_settled.ts";
import { WorkBreaks } from "../../read/work_breaks.ts";

/** What a {@link SharedChatReader} works with. */
export interface SharedChatReaderOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Tells when long work must let other requests run. */
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** How many bytes of chat the cache holds for later requests. */
  readonly cacheMaxBytes: number;
  /** Tells this process's entity tags from those of others. */
  readonly bootName: string;
  /** Where is noted which hours are settled. Without it, all are looked at. */
  readonly settled?: SettledNotes | undefined;
}

/** Which minutes of a channel. */
export interface ChatRange {
  readonly startUs: Micros;
  readonly endUs: Micros;
  readonly isReversed: boolean;
}

/** What a {@link SharedChatReader} gives. */
export interface ChatReading {
  readonly minutes: AsyncIterable<ChatMinute>;
  /** Names what the minutes hold; `undefined` for a long range. */
  readonly stamp: string | undefined;
}

/** A longer range bypasses the cache: reading a year must not evict what many requests read. */
const HELD_RANGE_MAX_US = 3 * HOUR_US;

/** What an entry of the cache costs beside its bytes, roughly. */
const ENTRY_BYTES = 256;

/** At most this many hours are known by their listing. */
const PASSES_MAX = 4_096;

/** Of at most this many passes the listing is kept, minute by minute: about 20 KB each. */
const LISTED_MAX = 128;

/** At most this many passes keep the store of the moment in which they were listed. */
const FROZEN_MAX = 12;

/** Reads chat of an archive for many requests at once. */
export class SharedChatReader {
  readonly #options: SharedChatReaderOptions;
  /** Minutes, of which the bytes are never changed. */
  readonly #cache: Lru<ArchiveKey, Uint8Array>;
  readonly #heavyReads = new HeavyReads();
  readonly #loaded = new LoadedBatches();
  readonly #passing = new Coalescer<HourReader>();
  readonly #passes = new Lru<string, { readonly listing: string; readonly pass: HourReader }>({
    countMax: PASSES_MAX,
  });
  /** The listings of the passes that were opened last, to see what a new one changes. */
  readonly #listed = new Lru<HourReader, HourListing>({ countMax: LISTED_MAX });
  /** What the passes that were opened last read from, so that their minutes are of one moment. */
  readonly #frozen = new Lru<HourReader, BatchStore>({ countMax: FROZEN_MAX });
  readonly #settledNotes: KnownSettled | undefined;
  #passCount = 0;

  /** A reader with an empty cache. */
  constructor(options: SharedChatReaderOptions) {
    this.#options = options;
    const { settled: notes } = options;
    this.#settledNotes = notes && new KnownSettled({ ...options, notes });
    this.#cache = new Lru({
      costMax: options.cacheMaxBytes,
      costOf: (bytes) => bytes.length + ENTRY_BYTES,
    });
  }

  /** How many bytes of chat are held. */
  get heldBytes(): number {
    return this.#cache.cost;
  }

  /**
   * The minutes that can hold a message of the range, in its order; they hold others too. For a
   * range of a few hours also a name of what they hold: the same name, the same lines.
   *
   * @throws {ChatloomError} when the store fails; so may the minutes.
   */
  async read(channel: string, range: ChatRange): Promise<ChatReading> {
    // A message hangs over by up to the longest range.
    const fromUs = minuteOf(Math.max(0, range.startUs - RANGE_MAX_US));
    const span = { fromUs, untilUs: range.endUs };
    if (range.endUs - range.startUs > HELD_RANGE_MAX_US) {
      const minutes = range.isReversed
        ? this.#minutesBack(channel, span)
        : this.#readMinutes(channel, { ...span, settled: this.#options.settled });
      return { minutes, stamp: undefined };
    }
    const { bootName, hasher } = this.#options;
    const passes = new Map<Micros, HourReader>();
    let names = bootName;
    for (let hourUs = hourOf(fromUs); hourUs < range.endUs; hourUs += HOUR_US) {
      const pass = await this.#pass(channel, hourUs);
      passes.set(hourUs, pass);
      names += ` ${pass.name}`;
    }
    const stamp = toDigestText(await hasher.digest(UTF8.encode(names)));
    return { minutes: minutesOf(passes, { ...span, isReversed: range.isReversed }), stamp };
  }

  /** From the last minute back. What can be in a minute is in its own files or the next one's. */
  async *#minutesBack(channel: string, { fromUs, untilUs }: Span): AsyncIterable<ChatMinute> {
    const hours: Micros[] = [];
    for await (const name of this.#options.store.folders(`${channel}/chat`)) {
      const hourUs = parseHour(name);
      if (hourUs === undefined || hourUs + HOUR_US <= fromUs - HOUR_US || hourUs >= untilUs) {
        continue;
      }
      // The last event of an hour may stand in a file of the next one until it is settled.
      for (const us of [hourUs - HOUR_US, hourUs]) if (hours.at(-1) !== us) hours.push(us);
    }
    const sorted = [...new Set(hours)].sort((a, b) => b - a);
    for (const hourUs of sorted) {
      for (let us = hourUs + HOUR_US - MINUTE_US; us >= hourUs; us -= MINUTE_US) {
        if (us < fromUs || us >= untilUs) continue;
        yield* this.#readMinutes(channel, { fromUs: us, untilUs: us + MINUTE_US });
      }
    }
  }

  /** The reader of an hour as it is listed now: one for all who ask at the same time. */
  #pass(channel: string, hourUs: Micros): Promise<HourReader> {
    const key = `${channel} ${formatHour(hourUs)}`;
    return this.#passing.run(key, () => this.#passNow(channel, hourUs, key));
  }

  /** The reader of an hour as it is listed now. Never called for the same hour while it runs. */
  async #passNow(channel: string, hourUs: Micros, key: string): Promise<HourReader> {
    const listed = await this.#list(channel, hourUs);
    const { listing, frozen } = listed;
    const known = this.#passes.get(key);
    const isMended = known !== undefined && await this.#isMended(known.pass.leftOut);
    if (known?.listing === listing.name && !isMended) return known.pass;
    const pass = this.#open(channel, hourUs);
    if (known !== undefined) {
      const before = this.#listed.get(known.pass);
      if (before !== undefined && !isMended) pass.adopt(known.pass, listSame(before, listing));
      this.#listed.delete(known.pass);
      this.#frozen.delete(known.pass);
    }
    pass.learn(await this.#plainMinutes(channel, hourUs, listed));
    this.#passes.set(key, { listing: listing.name, pass });
    this.#listed.set(pass, listing);
    if (frozen !== undefined) this.#frozen.set(pass, frozen);
    return pass;
  }

  /** The minutes of an hour that its listing alone tells; none if files come and go. */
  async #plainMinutes(
    channel: string,
    hourUs: Micros,
    { listing }: Listed,
  ): Promise<PlainMinute[]> {
    const plain = await this.#settledNotes?.plainMinutes(channel, hourUs, {
      around: listing.around,
      hasOrders: listing.orders.length > 0,
    }) ?? [];
    if (plain.length === 0) return plain;
    // One listing may miss a file that comes and another that it replaces: two in a row that are the same do not.
    const again = await this.#list(channel, hourUs);
    return again.listing.name === listing.name ? plain : [];
  }

  /** Whether any of these files, which could not be used, can be used now. */
  async #isMended(keys: Iterable<ArchiveKey>): Promise<boolean> {
    const { hasher, store } = this.#options;
    const options = { store, hasher, isRedacted: undefined };
    for (const key of keys) {
      const kind = parseArchiveKey(key)?.kind;
      if (kind === "batch" && (await loadBatch(key, options))?.ok === false) continue;
      if (kind === "redaction" && (await loadRedaction(key, options))?.ok === false) continue;
      return true;
    }
    return false;
  }

  /** Reads minutes, with breaks. */
  async *#readMinutes(
    channel: string,
    options:
      & Span
      & Pick<SharingOptions, "onLeftOut" | "settled" | "shared" | "tellsDecidedBy">
      & {
        readonly store?: BatchStore | undefined;
      },
  ): AsyncIterable<ChatMinute> {
    const { hasher, reporter, clock } = this.#options;
    const { store = this.#options.store, ...span } = options;
    const breaks = new WorkBreaks(clock);
    const rest = () => breaks.rest();
    for await (
      const minute of readMinutesSharing(channel, { ...span, store, hasher, reporter, rest })
    ) {
      yield minute;
      breaks.begin();
    }
  }

  #open(channel: string, hourUs: Micros): HourReader {
    const { store, hasher } = this.#options;
    const nameOf = async ({ minuteUs, bytes, key }: ChatMinute) =>
      key ?? batchKey(channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
    const pass: HourReader = new HourReader({
      hourUs,
      nameOf,
      recall: async (key) => {
        const entry = await readEntry(key, { store, hasher });
        if (entry?.ok) return entry.bytes;
        this.#loaded.forget(channel, key);
        return undefined;
      },
      name: `${this.#passCount++}`,
      cache: this.#cache,
      heavyReads: this.#heavyReads,
      open: (fromUs, onLeftOut) =>
        this.#readMinutes(channel, {
          fromUs,
          untilUs: hourUs + HOUR_US,
          onLeftOut,
          settled: this.#options.settled,
          store: this.#frozen.get(pass),
          shared: this.#loaded,
          tellsDecidedBy: true,
        }),
    });
    return pass;
  }

  async #list(channel: string, hourUs: Micros): Promise<Listed> {
    const frozen = await this.#options.store.freeze?.(channel);
    const { hasher, store } = this.#options;
    const prefixes = [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]
      .filter((us) => us >= 0).map((us) => hourPrefix(channel, us));
    const listings = [...prefixes, redactionPrefix(channel)]
      .map((prefix) => collect((frozen ?? store).list(prefix)));
    const [orders = [], ...hours] = (await Promise.all(listings)).reverse();
    const around = hours.reverse().flat();
    const keys = [...around, ...orders];
    const name = toDigestText(await hasher.digest(UTF8.encode(keys.join("\n"))));
    return { listing: { name, around, orders }, frozen };
  }
}

async function* minutesOf(
  passes: ReadonlyMap<Micros, HourReader>,
  { fromUs, untilUs, isReversed }: Span & { readonly isReversed: boolean },
): AsyncIterable<ChatMinute> {
  const lastUs = minuteOf(untilUs - 1);
  const stepUs = isReversed ? -MINUTE_US : MINUTE_US;
  let minuteUs = isReversed ? lastUs : fromUs;
  for (; minuteUs >= fromUs && minuteUs <= lastUs; minuteUs += stepUs) {
    const bytes = await passes.get(hourOf(minuteUs))!.minute(minuteUs);
    if (bytes.length > 0) yield { minuteUs, bytes };
  }
}

/** The listing of an hour, and the store of that moment where entries come and go by themselves. */
interface Listed {
  readonly listing: HourListing;
  readonly frozen: BatchStore | undefined;
}

interface Span {
  readonly fromUs: Micros;
  readonly untilUs: Micros;
}

const UTF8 = new TextEncoder();
