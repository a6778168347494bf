import { collect } from "../../async/collect.ts";
import { type ArchiveKey, minutePrefix, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import type { RedactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { type BatchFault, loadBatch } from "../read/files/load_batch.ts";
import { listingsOf } from "../read/files/minute_listing.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";

/** What {@link scanChannel} looks for, and where. */
export interface ScanOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** The target. */
  readonly isRedacted: RedactionMatcher;
}

/** The matches in one minute's files. */
export interface ScannedMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** The messages that match, each once, in no order. */
  readonly matches: readonly IrcMessage[];
  /** Files and folders that could not be read; a folder is named with its hour. */
  readonly faults: readonly { readonly key: ArchiveKey; readonly fault: BatchFault }[];
}

/**
 * Searches all batches of `channel` that no tombstone hides, minute by minute, in order.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* scanChannel(
  channel: string,
  options: ScanOptions,
): AsyncIterable<ScannedMinute> {
  const { signal } = options;
  const unread: ScannedMinute["faults"][number][] = [];
  const store = tolerantStore(options.store, ({ path, reason }) => {
    unread.push({ key: path, fault: { kind: "unreadable", reason } });
  });
  for await (const hour of store.folders(`${channel}/chat`, { signal })) {
    const hourUs = parseHour(hour);
    if (hourUs === undefined) continue;
    const keys = await collect(store.list(`${channel}/chat/${hour}/`, { signal }));
    for (const { minuteUs, batches } of listingsOf(keys).values()) {
      yield await scanMinute(minuteUs, { channel, keys: batches, ...options, store });
    }
    if (unread.length > 0) yield { minuteUs: hourUs, matches: [], faults: unread.splice(0) };
  }
  if (unread.length > 0) yield { minuteUs: 0, matches: [], faults: unread.splice(0) };
}

// A settler replaces the files of a minute every few seconds at most.
const TRIES_MAX = 100;

async function scanMinute(
  minuteUs: Micros,
  options: ScanOptions & { readonly channel: string; readonly keys: readonly ArchiveKey[] },
): Promise<ScannedMinute> {
  const { channel, store, signal } = options;
  let { keys } = options;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const scanned = await scanFiles(minuteUs, keys, options);
    if (scanned !== undefined) return scanned;
    // The messages of the file that is gone are in a newer one, which the listing missed.
    const listed = await collect(store.list(minutePrefix(channel, minuteUs), { signal }));
    keys = listingsOf(listed).get(minuteUs)?.batches ?? [];
  }
  throw new ChatloomError(
    "STORE_IO",
    `Cannot read "${minutePrefix(channel, minuteUs)}": its files keep vanishing`,
  );
}

/** `undefined` when one of `keys` is gone. */
async function scanFiles(
  minuteUs: Micros,
  keys: readonly ArchiveKey[],
  { store, hasher, isRedacted, signal }: ScanOptions,
): Promise<ScannedMinute | undefined> {
  const all = new SightingSet();
  const faults: { key: ArchiveKey; fault: BatchFault }[] = [];
  for (const key of keys) {
    const load = { store, hasher, isRedacted: undefined };
    const batch = await loadBatch(key, signal === undefined ? load : { ...load, signal });
    if (batch === undefined) return undefined;
    if (batch.ok) all.addAll(batch.sightings);
    else faults.push({ key, fault: batch.fault });
  }
  const matches = new Set<IrcMessage>();
  all.drop((message, sighting) => {
    const isMatch = isRedacted(message, sighting);
    if (isMatch) matches.add(message);
    return isMatch;
  });
  return { minuteUs, matches: [...matches], faults };
}
