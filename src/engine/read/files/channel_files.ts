import { collect } from "../../../async/collect.ts";
import { type ArchiveKey, redactionPrefix } from "../../../core/archive/archive_key.ts";
import type { OrderedLines } from "../../../core/ordered/ordered_lines.ts";
import { Lru } from "../../../core/lru.ts";
import {
  type RedactionMatcher,
  redactionMatcher,
} from "../../../core/redaction/redaction_matcher.ts";
import type { Redaction } from "../../../core/redaction/redaction.ts";
import type { Micros } from "../../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { type FaultReporter, faultsOf } from "./fault_reporter.ts";
import { type FaultyBatch, loadBatch, type LoadedBatch } from "./load_batch.ts";
import { type LoadedRedaction, loadRedaction } from "./load_redactions.ts";
import type { LoadedBatches } from "./loaded_batches.ts";
import { type MinuteBatch, toMinuteBatch } from "./minute_batch.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { readEntry } from "./read_entry.ts";
import { tolerantStore } from "./tolerant_store.ts";

/** What {@link ChannelFiles} works with. */
export interface ChannelFilesOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Gets one report of each file that cannot be used, over all readings. */
  readonly reporter: Reporter;
  /** Called for each file that was left out of this reading. */
  readonly onLeftOut?: ((key: ArchiveKey) => void) | undefined;
  /** Called every few milliseconds of work: lets other tasks run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
  /** Batches that other readings have read. @default none */
  readonly shared?: LoadedBatches | undefined;
}

// A minute is needed again for the few minutes after it, with the files of all nodes.
const KEPT_MAX = 128;
const KEPT_MAX_BYTES = 32 * 1024 * 1024;

// How many batches are read ahead, and how many bytes, if the files are as large as those before.
const AHEAD_MAX = 8;
const AHEAD_MAX_BYTES = 8 * 1024 * 1024;
const LARGEST_FADES = 0.9;

/**
 * The files of one channel, parsed and with redactions applied, in an LRU cache. Files never change, so
 * those that were read lately are kept; minutes beside each other share their neighbours.
 */
export class ChannelFiles {
  /** The channel. */
  readonly channel: string;
  readonly #options: ChannelFilesOptions;
  readonly #faults: FaultReporter;
  readonly #store: BatchStore;
  readonly #kept = new Lru<ArchiveKey, LoadedBatch>({
    countMax: KEPT_MAX,
    costMax: KEPT_MAX_BYTES,
    costOf: ({ bytes }) => bytes.length,
  });
  readonly #redactions = new Map<ArchiveKey, Redaction | undefined>();
  /** The batches that are read ahead. */
  readonly #ahead = new Map<ArchiveKey, Promise<LoadedBatch | FaultyBatch | undefined>>();
  /** About the size of the largest of the files that were read lately. */
  #largestBytes = 64 * 1024;
  #isRedacted: RedactionMatcher | undefined;
  /** What the batches are named by among the shared ones; not known before the redactions are read. */
  #scope: string | undefined;

  /** The files of `channel`, without any read yet and without redactions. */
  constructor(channel: string, options: ChannelFilesOptions) {
    this.channel = channel;
    this.#options = options;
    this.#faults = faultsOf(options.reporter);
    this.#store = tolerantStore(options.store, (entry) => {
      options.onLeftOut?.(entry.path);
      this.#faults.tellFolder(entry);
    });
  }

  /** The archive, to list the channel's files: folders that cannot be read are reported and left out. */
  get store(): BatchStore {
    return this.#store;
  }

  /**
   * Reads the current redactions, and applies them to all batches that are read from here on.
   * Returns their keys, in order.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async refreshRedactions(abort: AbortOptions = {}): Promise<readonly ArchiveKey[]> {
    const { store, hasher } = this.#options;
    const keys = await collect(this.#store.list(redactionPrefix(this.channel), abort));
    const news = keys.filter((key) => !this.#redactions.has(key));
    const isGone = keys.length - news.length < this.#redactions.size;
    if (news.length === 0 && !isGone) {
      this.#scope ??= this.#scopeNow();
      return keys;
    }
    const loaded = new Map<ArchiveKey, LoadedRedaction | undefined>();
    for (const key of news) {
      loaded.set(key, await loadRedaction(key, { store, hasher, ...abort }));
    }
    for (const key of [...this.#redactions.keys()]) {
      if (!keys.includes(key)) this.#redactions.delete(key);
    }
    for (const [key, each] of loaded) this.#takeRedaction(key, each);
    const orders = [...this.#redactions.values()].filter((each) => each !== undefined);
    this.#isRedacted = orders.length === 0 ? undefined : redactionMatcher(orders);
    this.#kept.clear();
    this.#scope = this.#scopeNow();
    return keys;
  }

  #scopeNow(): string | undefined {
    if (this.#options.shared === undefined) return undefined;
    const applied = [...this.#redactions].flatMap(([key, order]) => order === undefined ? [] : key);
    return this.#options.shared.scopeOf(this.channel, applied);
  }

  #takeRedaction(key: ArchiveKey, loaded: LoadedRedaction | undefined): void {
    if (loaded === undefined) return; // Gone since it was listed.
    this.#redactions.set(key, loaded.ok ? loaded.redaction : undefined);
    if (loaded.ok) return;
    this.#options.onLeftOut?.(key);
    this.#faults.tellRedaction(key, loaded.reason);
  }

  /**
   * The batch under `key`, or its fault, which is reported; `undefined` if it is gone.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async load(
    key: ArchiveKey,
    abort: AbortOptions = {},
  ): Promise<LoadedBatch | FaultyBatch | undefined> {
    const kept = this.#kept.get(key) ?? this.#sharedOf(key);
    if (kept !== undefined) return kept;
    const ahead = this.#ahead.get(key);
    if (ahead !== undefined) {
      const loaded = await ahead;
      // Read with fewer redactions, or not read: it is read anew.
      if (loaded !== undefined && this.#kept.get(key) === loaded) return loaded;
    }
    const loaded = await this.#read(key, abort);
    if (loaded !== undefined && !loaded.ok) {
      const { kind, line, reason } = loaded.fault;
      this.#options.onLeftOut?.(key);
      this.#faults.tell(key, { why: kind, line, reason });
    }
    return loaded;
  }

  /** As {@link ChannelFiles.load}, for a batch of which only the ranged sightings are needed. */
  async loadRanged(
    key: ArchiveKey,
    abort: AbortOptions = {},
  ): Promise<({ readonly ok: true } & MinuteBatch) | FaultyBatch | undefined> {
    const { shared } = this.#options;
    const scope = this.#scope;
    const known = scope === undefined ? undefined : shared?.ranged(scope, key);
    if (known !== undefined) return { ok: true, ...known };
    const loaded = await this.load(key, abort);
    if (!loaded?.ok) return loaded;
    if (shared === undefined || scope === undefined || scope !== this.#scope) {
      return { ok: true, ...toMinuteBatch(loaded) };
    }
    return { ok: true, ...shared.keepRanged(scope, loaded) };
  }

  #sharedOf(key: ArchiveKey): LoadedBatch | undefined {
    return this.#scope === undefined ? undefined : this.#options.shared?.whole(this.#scope, key);
  }

  #isKept(key: ArchiveKey): boolean {
    if (this.#kept.has(key) || this.#ahead.has(key)) return true;
    return this.#scope !== undefined && this.#options.shared?.has(this.#scope, key) === true;
  }

  /**
   * Begins to read the batches for the next calls of {@link ChannelFiles.load}, so that the disk and
   * the processor work at the same time. As many of them as memory allows; failures are left to `load`.
   */
  readAhead(keys: Iterable<ArchiveKey>, abort: AbortOptions = {}): void {
    for (const key of keys) {
      const most = Math.min(AHEAD_MAX, AHEAD_MAX_BYTES / this.#largestBytes);
      if (this.#ahead.size >= most) return;
      if (this.#isKept(key)) continue;
      const reading = this.#read(key, abort).catch(() => undefined)
        .finally(() => this.#ahead.delete(key));
      this.#ahead.set(key, reading);
    }
  }

  async #read(
    key: ArchiveKey,
    abort: AbortOptions,
  ): Promise<LoadedBatch | FaultyBatch | undefined> {
    const { store, hasher, rest } = this.#options;
    const isRedacted = this.#isRedacted;
    const like = (minuteUs: Micros) => this.#likeIn(minuteUs);
    const loaded = await loadBatch(key, { store, hasher, isRedacted, like, rest, ...abort });
    if (loaded?.ok && isRedacted === this.#isRedacted) this.#keep(loaded);
    return loaded;
  }

  /** The exact messages of a batch of that minute, if one is kept. */
  #likeIn(minuteUs: Micros): OrderedLines | undefined {
    for (const [, batch] of this.#kept.entries()) {
      if (batch.minuteUs === minuteUs && batch.scanned !== undefined) return batch.scanned.exact;
    }
    return undefined;
  }

  /**
   * The bytes under `key`, which have the hash that it names, not looked at any further; `undefined` if
   * they cannot be had.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async bytesOf(key: ArchiveKey, abort: AbortOptions = {}): Promise<Uint8Array | undefined> {
    const { store, hasher } = this.#options;
    const entry = await readEntry(key, { store, hasher, ...abort });
    return entry?.ok ? entry.bytes : undefined;
  }

  /** Reports once that `key` is not used. */
  tellFault(key: ArchiveKey, why: string, reason: string): void {
    this.#options.onLeftOut?.(key);
    this.#faults.tell(key, { why, reason });
  }

  /** Drops the batches of minutes before `minuteUs`: they are read anew if needed again. */
  dropBefore(minuteUs: Micros): void {
    for (const [key, batch] of this.#kept.entries()) {
      if (batch.minuteUs < minuteUs) this.#kept.delete(key);
    }
  }

  #keep(batch: LoadedBatch): void {
    if (this.#kept.has(batch.key)) return;
    this.#largestBytes = Math.max(batch.bytes.length, this.#largestBytes * LARGEST_FADES);
    this.#kept.set(batch.key, batch);
    if (this.#scope !== undefined) this.#options.shared?.keep(this.#scope, batch);
  }
}
