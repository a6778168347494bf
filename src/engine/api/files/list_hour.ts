import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";

/**
 * All keys that start with `prefix`, ascending.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function listHour(store: BatchStore, prefix: string): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys;
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
