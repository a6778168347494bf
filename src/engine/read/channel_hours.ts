import {
  type ArchiveKey,
  chatFolder,
  coverageFolder,
  coveragePrefix,
  hourPrefix,
  parseHour,
} from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";

/**
 * The hours for which a channel has chat or coverage, as keys name them, ascending. Such an hour may be
 * empty.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function channelHours(
  channel: string,
  { store, signal }: AbortOptions & { readonly store: BatchStore },
): Promise<string[]> {
  const hours = new Set<string>();
  for (const folder of [chatFolder(channel), coverageFolder(channel)]) {
    for await (const name of store.folders(folder, { signal })) {
      if (parseHour(name) !== undefined) hours.add(name);
    }
  }
  return [...hours].sort();
}

/**
 * The keys of all files of an hour of a channel: batches and tombstones ascending, then coverage.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function keysOfHour(
  channel: string,
  hourUs: Micros,
  { store, signal }: AbortOptions & { readonly store: BatchStore },
): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for (const prefix of [hourPrefix(channel, hourUs), coveragePrefix(channel, hourUs)]) {
    for await (const key of store.list(prefix, { signal })) keys.push(key);
  }
  return keys;
}
