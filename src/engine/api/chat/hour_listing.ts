import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import type { Micros } from "../../../core/time.ts";
import type { MinuteSpan } from "../../read/minute_closure.ts";

/** All that decides what an hour reads as: its files, those of the hours beside it, orders. */
export interface HourListing {
  /** A short name: equal for equal listings. */
  readonly name: string;
  /** The keys of redactions, and others that belong to no minute. */
  readonly orders: string;
  /** The keys of each minute that has any. */
  readonly minutes: ReadonlyMap<Micros, string>;
}

/** Sorts keys by minute. */
export function hourListing(keys: Iterable<ArchiveKey>, name: string): HourListing {
  let orders = "";
  const minutes = new Map<Micros, string>();
  for (const key of keys) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" && parts?.kind !== "tombstone") orders += `${key}\n`;
    else minutes.set(parts.minuteUs, `${minutes.get(parts.minuteUs) ?? ""}${key}\n`);
  }
  return { name, orders, minutes };
}

/** Tells of spans of minutes whether all that stands in them is the same by both listings. */
export function listSame(
  one: HourListing,
  other: HourListing,
): (span: MinuteSpan) => boolean {
  if (one.orders !== other.orders) return () => false;
  const changed: Micros[] = [];
  for (const minuteUs of new Set([...one.minutes.keys(), ...other.minutes.keys()])) {
    if (one.minutes.get(minuteUs) !== other.minutes.get(minuteUs)) changed.push(minuteUs);
  }
  return ({ fromUs, toUs }) => changed.every((us) => us < fromUs || us > toUs);
}
