import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import type { Micros } from "../../../core/time.ts";
import type { MinuteSpan } from "../../read/minute_closure.ts";

/** All that decides what an hour reads as: its files, those of the hours beside it, orders. */
export interface HourListing {
  /** A short name: equal for equal listings. */
  readonly name: string;
  /** The batches and tombstones of the hour and of those beside it, in order. */
  readonly around: readonly ArchiveKey[];
  /** The redactions of the channel, in order. */
  readonly orders: readonly ArchiveKey[];
}

/** Tells of spans of minutes whether all that stands in them is the same by both listings. */
export function listSame(
  one: HourListing,
  other: HourListing,
): (span: MinuteSpan) => boolean {
  if (one.orders.join("\n") !== other.orders.join("\n")) return () => false;
  const changed: Micros[] = [];
  for (const key of [...without(one.around, other.around), ...without(other.around, one.around)]) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" && parts?.kind !== "tombstone") return () => false;
    changed.push(parts.minuteUs);
  }
  return ({ fromUs, toUs }) => changed.every((us) => us < fromUs || us > toUs);
}

/** The keys of `keys` that are not among `others`. */
function without(keys: readonly ArchiveKey[], others: readonly ArchiveKey[]): ArchiveKey[] {
  const known = new Set(others);
  return keys.filter((key) => !known.has(key));
}
