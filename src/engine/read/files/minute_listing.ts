import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import type { Micros } from "../../../core/time.ts";

/** The files of one minute by name. */
export interface MinuteListing {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** Its batches, ascending, without those that a tombstone hides. */
  readonly batches: readonly ArchiveKey[];
  /** The batches that tombstones hide, whether they are there or not. */
  readonly hidden: ReadonlySet<ArchiveKey>;
}

/**
 * The minutes of one channel that `keys`, in order, belong to; in order. Only batches and tombstones
 * count.
 */
export function listingsOf(keys: readonly ArchiveKey[]): Map<Micros, MinuteListing> {
  const listings = new Map<Micros, { batches: ArchiveKey[]; hidden: Set<ArchiveKey> }>();
  for (const key of keys) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" && parts?.kind !== "tombstone") continue;
    let listing = listings.get(parts.minuteUs);
    if (listing === undefined) {
      listing = { batches: [], hidden: new Set() };
      listings.set(parts.minuteUs, listing);
    }
    if (parts.kind === "batch") listing.batches.push(key);
    else listing.hidden.add(hiddenBy(key));
  }
  return new Map(
    [...listings].map(([minuteUs, { batches, hidden }]) => {
      const visible = batches.filter((key) => !hidden.has(key));
      return [minuteUs, { minuteUs, batches: visible, hidden }];
    }),
  );
}

/** The tombstone that would hide the batch `key`. */
export function tombstoneOf(key: ArchiveKey): ArchiveKey {
  return key.replace(/\.json$/, ".tombstone");
}

/** Says of a key whether it is a batch with a tombstone among `keys`. */
export function hiddenAmong(keys: readonly ArchiveKey[]): (key: ArchiveKey) => boolean {
  const all = new Set(keys);
  return (key) => key.endsWith(".json") && all.has(tombstoneOf(key));
}

/** The batch that a tombstone hides. */
export function hiddenBy(tombstone: ArchiveKey): ArchiveKey {
  return tombstone.replace(/\.tombstone$/, ".json");
}
