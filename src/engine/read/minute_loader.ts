import { collect } from "../../async/collect.ts";
import { hourPrefix } from "../../core/archive/archive_key.ts";
import { hourOf, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { ChannelFiles } from "./files/channel_files.ts";
import { type MinuteBatch, toMinuteBatch } from "./files/minute_batch.ts";
import type { MinuteFiles } from "./minute_closure.ts";
import { SnapshotStaleError } from "./hour_snapshot.ts";
import { listingsOf, type MinuteListing } from "./files/minute_listing.ts";

/** Where minutes are read from. */
export interface MinuteSource extends AbortOptions {
  readonly store: BatchStore;
  readonly files: ChannelFiles;
}

/** The names of files, minute by minute. Each hour is listed once, when first needed. */
export class MinuteListings {
  readonly #source: MinuteSource;
  readonly #hours = new Map<Micros, ReadonlyMap<Micros, MinuteListing>>();

  /** An empty listing. */
  constructor(source: MinuteSource) {
    this.#source = source;
  }

  /**
   * The files of the minute that starts at `minuteUs`.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async of(minuteUs: Micros): Promise<MinuteListing> {
    const hourUs = hourOf(minuteUs);
    let hour = this.#hours.get(hourUs);
    if (hour === undefined) this.#hours.set(hourUs, hour = await this.#list(hourUs));
    return hour.get(minuteUs) ?? { minuteUs, batches: [], hidden: new Set() };
  }

  async #list(hourUs: Micros): Promise<ReadonlyMap<Micros, MinuteListing>> {
    const { store, files, signal } = this.#source;
    return listingsOf(await collect(store.list(hourPrefix(files.channel, hourUs), { signal })));
  }
}

/** Lists and reads minutes, each once, or once more when more of it is needed. */
export class MinuteLoader {
  readonly #source: MinuteSource;
  readonly #listings: MinuteListings;
  readonly #minutes = new Map<Micros, MinuteFiles & { readonly isWhole: boolean }>();

  /** A loader without minutes. */
  constructor(source: MinuteSource) {
    this.#source = source;
    this.#listings = new MinuteListings(source);
  }

  /**
   * The files of the minute that starts at `minuteUs`; unless it `isWhole`, only their ranged
   * sightings.
   *
   * @throws {SnapshotStaleError} when one goes between being listed and being read.
   * @throws {ChatloomError} when the store fails.
   */
  async load(minuteUs: Micros, isWhole = true): Promise<MinuteFiles> {
    const known = this.#minutes.get(minuteUs);
    if (known !== undefined && (known.isWhole || !isWhole)) return known;
    const { files, signal } = this.#source;
    const listing = known ?? await this.#listings.of(minuteUs);
    const loaded: MinuteBatch[] = [];
    for (const key of listing.batches) {
      const batch = await files.load(key, { signal });
      if (batch === undefined) throw new SnapshotStaleError(key);
      if (batch.ok) loaded.push(toMinuteBatch(batch, { isWhole }));
    }
    const minute = { ...listing, loaded, isWhole };
    this.#minutes.set(minuteUs, minute);
    return minute;
  }
}
