import { collect } from "../../async/collect.ts";
import {
  type ArchiveKey,
  formatHour,
  hourPrefix,
  parseHour,
} from "../../core/archive/archive_key.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Peer } from "../../ports/peer.ts";
import { channelDigest } from "../api/files/archive_digest.ts";
import { listingsOf, type MinuteListing } from "../read/files/minute_listing.ts";
import { MinuteComparer } from "./minute_comparer.ts";

/** An hour of a channel that two nodes have different files of. */
export interface HourDifference {
  /** Its folder's name: `2026-08-01T12`. */
  readonly hour: string;
  /** Minutes of which only one side has files. */
  readonly minutesOnlyHere: number;
  readonly minutesOnlyThere: number;
  /** Minutes of which the sides have different files. */
  readonly minutesDiffering: number;
  /** Messages that the other side lacks. */
  readonly messagesOnlyHere: number;
  readonly messagesOnlyThere: number;
  /** Files whose messages are not counted, as they cannot be read or the peer does not give them. */
  readonly uncountedFiles: number;
}

/** What a comparison found. */
export interface PeerComparison {
  /** Latest first. */
  readonly differences: readonly HourDifference[];
  /** How many of the compared hours have the same files on both sides. */
  readonly equalHours: number;
  /** Hours before this one were not compared yet; `undefined` if all were. */
  readonly next: string | undefined;
}

/** What {@link compareWithPeer} works with. */
export interface CompareOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Hours that end after this. */
  readonly fromUs: Micros;
  /** Hours that start before this. */
  readonly untilUs: Micros;
  /** After this many bytes of files the rest is left for the next call. @default 67108864 */
  readonly bytesMax?: number;
}

const BYTES_MAX = 64 * 1024 * 1024;
/** A peer that knows no digests is asked for each hour. */
const HOURS_MAX = 500;

/**
 * Compares a channel with a peer's, the latest hours first. Hours with equal digests are not looked into; of the
 * others only minutes that have different files are read, from both sides. Reads at least one hour.
 *
 * @throws {ChatloomError} when the store or the peer fails.
 */
export async function compareWithPeer(
  channel: string,
  peer: Peer,
  { store, hasher, fromUs, untilUs, bytesMax = BYTES_MAX, signal }: CompareOptions,
): Promise<PeerComparison> {
  const since = formatHour(Math.max(0, fromUs));
  const abort = signal === undefined ? {} : { signal };
  const [here, there] = await Promise.all([
    channelDigest(channel, { store, hasher, since }),
    peer.channelDigest(channel, { since, ...abort }),
  ]);
  const theirs = there?.hours ?? new Map(
    (await peer.hours(channel, abort)).map((hour) => [hour, ""] as const),
  );
  const hours = [...new Set([...Object.keys(here.hours), ...theirs.keys()])]
    .filter((hour) => isWithin(hour, { fromUs, untilUs })).sort().reverse();
  const comparer = new MinuteComparer({ store, peer, hasher, abort });
  const differences: HourDifference[] = [];
  let [equalHours, read] = [0, 0];
  for (const hour of hours) {
    if (here.hours[hour] !== undefined && here.hours[hour] === theirs.get(hour)) {
      equalHours++;
      continue;
    }
    if (read > 0 && (comparer.readBytes >= bytesMax || read >= HOURS_MAX)) {
      const next = formatHour(parseHour(hour)! + HOUR_US);
      return { differences, equalHours, next };
    }
    read++;
    signal?.throwIfAborted();
    const found = await compareHour(hour, { channel, store, peer, comparer, abort });
    if (found === undefined) equalHours++;
    else differences.push(found);
  }
  return { differences, equalHours, next: undefined };
}

function isWithin(
  hour: string,
  { fromUs, untilUs }: { readonly fromUs: Micros; readonly untilUs: Micros },
): boolean {
  const hourUs = parseHour(hour); // A peer may name anything.
  return hourUs !== undefined && hourUs + HOUR_US > fromUs && hourUs < untilUs;
}

/** The difference of an hour; `undefined` if both sides have the same files after all. */
async function compareHour(
  hour: string,
  { channel, store, peer, comparer, abort }: {
    readonly channel: string;
    readonly store: BatchStore;
    readonly peer: Peer;
    readonly comparer: MinuteComparer;
    readonly abort: AbortOptions;
  },
): Promise<HourDifference | undefined> {
  const prefix = hourPrefix(channel, parseHour(hour)!);
  const [keys, names] = await Promise.all([
    collect(store.list(prefix, abort)),
    peer.files(channel, `chat/${hour}`, abort),
  ]);
  const here = listingsOf(keys);
  const there = listingsOf(names.map((name) => `${prefix}${name}`).sort());
  const sums = {
    minutesOnlyHere: 0,
    minutesOnlyThere: 0,
    minutesDiffering: 0,
    messagesOnlyHere: 0,
    messagesOnlyThere: 0,
    uncountedFiles: 0,
  };
  for (const minuteUs of [...new Set([...here.keys(), ...there.keys()])].sort((a, b) => a - b)) {
    const [own, other] = [batchesOf(here.get(minuteUs)), batchesOf(there.get(minuteUs))];
    if (own.join() === other.join()) continue;
    if (other.length === 0) sums.minutesOnlyHere++;
    else if (own.length === 0) sums.minutesOnlyThere++;
    else sums.minutesDiffering++;
    const { onlyHere, onlyThere, uncountedFiles } = await comparer.compare(own, other);
    sums.messagesOnlyHere += onlyHere;
    sums.messagesOnlyThere += onlyThere;
    sums.uncountedFiles += uncountedFiles;
  }
  const isSame = sums.minutesOnlyHere + sums.minutesOnlyThere + sums.minutesDiffering === 0;
  return isSame ? undefined : { hour, ...sums };
}

function batchesOf(listing: MinuteListing | undefined): readonly ArchiveKey[] {
  return listing?.batches ?? [];
}
