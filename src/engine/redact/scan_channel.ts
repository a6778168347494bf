import { type ArchiveKey, parseHour } from "../../core/archive_key.ts";
import type { IrcMessage } from "../../core/message.ts";
import type { RedactionMatcher } from "../../core/redaction_matcher.ts";
import { SightingSet } from "../../core/sighting_set.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { type BatchFault, loadBatch } from "../read/load_batch.ts";
import { listingsOf } from "../read/minute_listing.ts";

/** What {@link scanChannel} looks for, and where. */
export interface ScanOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** What is looked for. */
  readonly isRedacted: RedactionMatcher;
}

/** What one minute's files hold of what is looked for. */
export interface ScannedMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** The messages that match, each once, in no order. */
  readonly matches: readonly IrcMessage[];
  /** Files that could not be looked into. */
  readonly faults: readonly { readonly key: ArchiveKey; readonly fault: BatchFault }[];
}

/**
 * Looks into all batches of `channel` that no tombstone hides, minute by minute, in order.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* scanChannel(
  channel: string,
  options: ScanOptions,
): AsyncIterable<ScannedMinute> {
  const { store, signal } = options;
  const abort = signal === undefined ? {} : { signal };
  for await (const hour of store.folders(`${channel}/chat`, abort)) {
    if (parseHour(hour) === undefined) continue;
    const keys: ArchiveKey[] = [];
    for await (const key of store.list(`${channel}/chat/${hour}/`, abort)) keys.push(key);
    for (const { minuteUs, batches } of listingsOf(keys).values()) {
      yield await scanMinute(minuteUs, batches, options);
    }
  }
}

async function scanMinute(
  minuteUs: Micros,
  keys: readonly ArchiveKey[],
  { store, hasher, isRedacted, signal }: ScanOptions,
): Promise<ScannedMinute> {
  const all = new SightingSet();
  const faults: { key: ArchiveKey; fault: BatchFault }[] = [];
  for (const key of keys) {
    const load = { store, hasher, isRedacted: undefined };
    const batch = await loadBatch(key, signal === undefined ? load : { ...load, signal });
    if (batch?.ok) all.addAll(batch.sightings);
    else if (batch !== undefined) faults.push({ key, fault: batch.fault });
  }
  const matches = new Set<IrcMessage>();
  all.drop((message, sighting) => {
    const isMatch = isRedacted(message, sighting);
    if (isMatch) matches.add(message);
    return isMatch;
  });
  return { minuteUs, matches: [...matches], faults };
}
