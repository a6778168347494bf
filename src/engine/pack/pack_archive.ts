import { type ArchiveKey, chatFolder, formatHour } from "../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { hourOf, type Micros } from "../../core/time.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { HourPacks, PackedHour } from "../../ports/archive/hour_packs.ts";
import { collect } from "../../async/collect.ts";
import { listingsOf } from "../read/files/minute_listing.ts";

/** What {@link packArchive} and {@link unpackArchive} work with. */
export interface PackOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Its packs. */
  readonly packs: HourPacks;
  /** Serializes deletes from this archive. */
  readonly lock: ArchiveLock;
  /** Only these channels. @default all */
  readonly channels?: readonly string[] | undefined;
}

/** What became of an hour. */
export interface HourOutcome {
  /** The channel. */
  readonly channel: string;
  /** Such as `2026-08-01T12`; empty for a channel that could not be listed. */
  readonly hour: string;
  /** What was done. */
  readonly done?: PackedHour;
  /** Why nothing was done, and all stays as it was. */
  readonly fault?: string;
  /** Whether it has minutes with several files, and is packed once they are settled. */
  readonly isUnsettled?: boolean;
}

/**
 * Packs the hours of an archive that ended before a time, oldest first, and yields those that it packed or
 * could not pack. Hours that are packed, and to which nothing was added, are passed over. An hour that is not
 * settled stays as it is: settling it would unpack it.
 *
 * @param options.beforeUs hours that ended by then are packed.
 * @throws {ChatloomError} when the store fails.
 */
export async function* packArchive(
  options: PackOptions & { readonly beforeUs: Micros },
): AsyncGenerator<HourOutcome> {
  const { packs, beforeUs, signal } = options;
  const before = formatHour(hourOf(Math.max(0, beforeUs)));
  for await (const channel of channelsOf(options)) {
    yield* eachHour(channel, () => packs.looseHours(channel, { signal }), async (hour) => {
      if (hour >= before) return undefined;
      return await packHour(channel, hour, options);
    }, options);
  }
}

/**
 * Unpacks the packed hours of an archive, oldest first, and yields those that it unpacked or could not unpack.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* unpackArchive(options: PackOptions): AsyncGenerator<HourOutcome> {
  const { packs, lock, signal } = options;
  for await (const channel of channelsOf(options)) {
    yield* eachHour(channel, () => packs.hours(channel, { signal }), async (hour) => {
      const unpack = () => packs.unpack(channel, hour, { signal });
      const done = await lock.hold(channel, unpack, { signal });
      return done && { channel, hour, done };
    }, options);
  }
}

function channelsOf({ store, channels, signal }: PackOptions) {
  return channels ?? store.folders("", { signal });
}

async function* eachHour(
  channel: string,
  hours: () => Promise<readonly string[]>,
  work: (hour: string) => Promise<HourOutcome | undefined>,
  { signal }: AbortOptions,
): AsyncGenerator<HourOutcome> {
  let found: readonly string[];
  try {
    found = await hours();
  } catch (error) {
    return yield { channel, hour: "", fault: faultOf(error) };
  }
  for (const hour of found) {
    signal?.throwIfAborted();
    try {
      const outcome = await work(hour);
      if (outcome !== undefined) yield outcome;
    } catch (error) {
      yield { channel, hour, fault: faultOf(error) };
    }
  }
}

async function packHour(
  channel: string,
  hour: string,
  { store, packs, lock, signal }: PackOptions,
): Promise<HourOutcome | undefined> {
  return await lock.hold(channel, async () => {
    const keys: ArchiveKey[] = await collect(
      store.list(`${chatFolder(channel)}/${hour}/`, { signal }),
    );
    const minutes = [...listingsOf(keys).values()];
    if (minutes.some(({ batches }) => batches.length > 1)) {
      return { channel, hour, isUnsettled: true };
    }
    const done = await packs.pack(channel, hour, { signal });
    return done && { channel, hour, done };
  }, { signal });
}

/** The verdict on one hour. A store that is full or denied fails for all of them. */
function faultOf(error: unknown): string {
  if (error instanceof UnreadableEntryError) {
    const [{ path, reason }] = error.entries;
    return `"${path}": ${reason}`;
  }
  throw error;
}
