import { type ArchiveKey, minutePrefix } from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { ChannelFiles } from "./files/channel_files.ts";
import { type MinuteBatch, type MinuteFiles, toMinuteBatch } from "./close_over.ts";
import { SnapshotGone } from "./hour_snapshot.ts";
import { listingsOf, type MinuteListing } from "./files/minute_listing.ts";

/** Where minutes are read from. */
export interface MinuteSource extends AbortOptions {
  readonly store: BatchStore;
  readonly files: ChannelFiles;
}

/**
 * The names of the files of one minute, as they are now.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function listMinute(
  minuteUs: Micros,
  { store, files, signal }: MinuteSource,
): Promise<MinuteListing> {
  const keys: ArchiveKey[] = [];
  const prefix = minutePrefix(files.channel, minuteUs);
  for await (const key of store.list(prefix, signal === undefined ? {} : { signal })) {
    keys.push(key);
  }
  return listingsOf(keys).get(minuteUs) ?? { minuteUs, batches: [], hidden: new Set() };
}

/** Lists and reads minutes one by one, each once, or once more when more of it is needed. */
export class MinuteLoader {
  readonly #source: MinuteSource;
  readonly #minutes = new Map<Micros, MinuteFiles & { readonly isWhole: boolean }>();

  /** Nothing is read yet. */
  constructor(source: MinuteSource) {
    this.#source = source;
  }

  /**
   * The files of the minute that starts at `minuteUs`; unless it `isWhole`, only their ranged
   * sightings.
   *
   * @throws {SnapshotGone} when one goes between being listed and being read.
   * @throws {ChatloomError} when the store fails.
   */
  async load(minuteUs: Micros, isWhole = true): Promise<MinuteFiles> {
    const known = this.#minutes.get(minuteUs);
    if (known !== undefined && (known.isWhole || !isWhole)) return known;
    const { files, signal } = this.#source;
    const listing = known ?? await listMinute(minuteUs, this.#source);
    const loaded: MinuteBatch[] = [];
    for (const key of listing.batches) {
      const batch = await files.load(key, signal === undefined ? {} : { signal });
      if (batch === undefined) throw new SnapshotGone(key);
      if (!batch.ok) continue;
      loaded.push(toMinuteBatch(batch, { isWhole }));
    }
    const minute = { ...listing, loaded, isWhole };
    this.#minutes.set(minuteUs, minute);
    return minute;
  }
}
