import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";

/** The key of a batch; equal numbers, equal key. */
export function keyAt(n: number, channel = "forsen"): ArchiveKey {
  const digest = new Uint8Array(32);
  new DataView(digest.buffer).setUint32(0, n);
  return batchKey(channel, { timeUs: Date.UTC(2026, 7, 1, 12, n % 60) * 1000, digest });
}
