import type { ArchiveKey } from "../../../core/archive/archive_key.ts";

/** The tombstone that would hide the batch `key`. */
export function tombstoneOf(key: ArchiveKey): ArchiveKey {
  return key.replace(/\.json$/, ".tombstone");
}

/** Says of a key whether it is a batch with a tombstone among `keys`. */
export function hiddenAmong(keys: readonly ArchiveKey[]): (key: ArchiveKey) => boolean {
  const all = new Set(keys);
  return (key) => key.endsWith(".json") && all.has(tombstoneOf(key));
}
