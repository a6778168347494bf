import { type ArchiveKey, hourPrefix } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { ChannelFiles } from "./files/channel_files.ts";
import { type MinuteBatch, toMinuteBatch } from "./files/minute_batch.ts";
import type { MinuteFiles } from "./minute_closure.ts";
import { listingsOf, type MinuteListing } from "./files/minute_listing.ts";

/** A file of the snapshot is no longer there: take another snapshot. */
export class SnapshotStaleError extends Error {
  /** The missing file. */
  constructor(key: ArchiveKey) {
    super(`Cannot read "${key}": it has gone since it was listed`);
    this.name = "SnapshotStaleError";
  }
}

const AHEAD_MINUTES = 8;

// Twice the same names in a row are needed. A settler changes a minute every few seconds at most.
const TRIES_MAX = 100;

/**
 * The files of some hours of a channel as they stood at one moment.
 *
 * A settler moves messages from file to file, writing first. A listing takes time: it may miss
 * a new file that was not there yet and the old one that is there no more. So the names are listed
 * until they are the same twice; then all of them were there in between. The bytes are read later: if a
 * file is gone by then, {@link SnapshotStaleError} asks for another snapshot.
 */
export class HourSnapshot {
  readonly #files: ChannelFiles;
  readonly #abort: AbortOptions;
  readonly #keys: readonly ArchiveKey[];
  readonly #listings: ReadonlyMap<Micros, MinuteListing>;
  /** The keys of the channel's redactions, in order. */
  readonly redactions: readonly ArchiveKey[];
  /** The first and the last hour in it. */
  readonly span: { readonly fromUs: Micros; readonly toUs: Micros };

  private constructor(
    span: { readonly fromUs: Micros; readonly toUs: Micros },
    { files, abort, redactions, keys }: {
      readonly files: ChannelFiles;
      readonly abort: AbortOptions;
      readonly redactions: readonly ArchiveKey[];
      readonly keys: readonly ArchiveKey[];
    },
  ) {
    this.span = span;
    this.redactions = redactions;
    this.#keys = keys;
    this.#files = files;
    this.#abort = abort;
    this.#listings = listingsOf(keys);
  }

  /**
   * Takes a snapshot of the hours from that of `fromUs` to that of `toUs`, and of all redactions.
   *
   * @throws {ChatloomError} when the store fails, or changes faster than it can be listed.
   */
  static async take(
    span: { readonly fromUs: Micros; readonly toUs: Micros },
    { store, files, abort }: {
      readonly store: BatchStore;
      readonly files: ChannelFiles;
      readonly abort: AbortOptions;
    },
  ): Promise<HourSnapshot> {
    // What comes by itself would never be the same twice.
    const frozen = await store.freeze?.(files.channel) ?? store;
    const hours = { fromUs: hourOf(Math.max(0, span.fromUs)), toUs: hourOf(span.toUs) };
    let before: readonly ArchiveKey[] | undefined;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const redactions = await files.refreshRedactions(abort);
      const keys: ArchiveKey[] = [...redactions];
      for (let hourUs = hours.fromUs; hourUs <= hours.toUs; hourUs += HOUR_US) {
        for await (const key of frozen.list(hourPrefix(files.channel, hourUs), abort)) {
          keys.push(key);
        }
      }
      if (before !== undefined && isSame(keys, before)) {
        return new HourSnapshot(hours, { files, abort, redactions, keys });
      }
      before = keys;
    }
    throw new ChatloomError(
      "STORE_IO",
      `Cannot list "${hourPrefix(files.channel, hours.fromUs)}": it keeps changing`,
    );
  }

  /** The minutes that have files, in order. */
  minutes(): readonly Micros[] {
    return [...this.#listings.keys()].sort((a, b) => a - b);
  }

  /** The keys of the batches and tombstones of the hour that starts at `hourUs`, in order. */
  keysOf(hourUs: Micros): readonly ArchiveKey[] {
    const prefix = hourPrefix(this.#files.channel, hourUs);
    return this.#keys.filter((key) => key.startsWith(prefix));
  }

  /** Whether the minute that starts at `minuteUs` is in it. */
  holds(minuteUs: Micros): boolean {
    return minuteUs >= this.span.fromUs && minuteUs < this.span.toUs + HOUR_US;
  }

  /**
   * Reads the files of a minute, or at least their ranged sightings unless it `isWhole`.
   *
   * @throws {SnapshotStaleError} when one is gone.
   * @throws {ChatloomError} when the store fails.
   */
  async load(minuteUs: Micros, isWhole = true): Promise<MinuteFiles> {
    const listing = this.#listings.get(minuteUs) ??
      { minuteUs, batches: [], hidden: new Set<ArchiveKey>() };
    this.#files.readAhead(this.#keysAfter(minuteUs), this.#abort);
    const loaded: MinuteBatch[] = [];
    for (const key of listing.batches) {
      const batch = isWhole
        ? await this.#files.load(key, this.#abort)
        : await this.#files.loadRanged(key, this.#abort);
      if (batch === undefined) throw new SnapshotStaleError(key);
      if (!batch.ok) continue;
      loaded.push("whole" in batch ? batch : toMinuteBatch(batch));
    }
    return { ...listing, loaded };
  }

  /**
   * The bytes of the only file of a minute, of which just the hash is checked; `undefined` if they cannot
   * be had, or it has not one file.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async bytesOf(minuteUs: Micros): Promise<Uint8Array | undefined> {
    const only = this.onlyKeyOf(minuteUs);
    return only === undefined ? undefined : await this.#files.bytesOf(only, this.#abort);
  }

  /** The only file of a minute; `undefined` if it has none or several. */
  onlyKeyOf(minuteUs: Micros): ArchiveKey | undefined {
    const [only, ...others] = this.#listings.get(minuteUs)?.batches ?? [];
    return others.length === 0 ? only : undefined;
  }

  /** The batches of the next few minutes, which will be needed soon. */
  *#keysAfter(minuteUs: Micros): Iterable<ArchiveKey> {
    for (let at = 0; at <= AHEAD_MINUTES; at++) {
      yield* this.#listings.get(minuteUs + at * MINUTE_US)?.batches ?? [];
    }
  }
}

/** The span that also holds the hour of `minuteUs` and its neighbours' edges. */
export function extendSpan(
  { fromUs, toUs }: { readonly fromUs: Micros; readonly toUs: Micros },
  minuteUs: Micros,
): { readonly fromUs: Micros; readonly toUs: Micros } {
  return { fromUs: Math.min(fromUs, minuteUs), toUs: Math.max(toUs, minuteUs + MINUTE_US - 1) };
}

function isSame(left: readonly ArchiveKey[], right: readonly ArchiveKey[]): boolean {
  return left.length === right.length && left.every((key, i) => key === right[i]);
}
