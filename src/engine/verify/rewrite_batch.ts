import { type ArchiveKey, batchKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../core/batch/batch.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { readBatch } from "../../core/merge/read_batch.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { loadBatch } from "../read/files/load_batch.ts";
import { inProcessLock } from "../settle/in_process_lock.ts";
import { findRepeatedReceiver } from "./repeated_receiver.ts";
import { tombstoneOf } from "../read/files/minute_listing.ts";

/** What {@link rewriteBatch} works with. */
export interface HealOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names the new file. */
  readonly hasher: Hasher;
  /** The mutex for deleting from this archive. By default it covers this process only. */
  readonly lock?: ArchiveLock;
}

/**
 * Rewrites a batch that is valid but not canonical, or not in order, then deletes the old file.
 * Returns the name of the new one; `undefined` if the file was left as it is, because it is canonical, or
 * gone, or not valid, or another entry is in the new one's place, or rewriting would lose a receiver that
 * it names twice.
 *
 * It neither merges nor applies redactions: settling does that.
 *
 * @throws {ChatloomError} when the store fails. Then the old file is there, perhaps with the new one.
 */
export async function rewriteBatch(
  key: ArchiveKey,
  options: HealOptions,
): Promise<ArchiveKey | undefined> {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "batch") return undefined;
  const lock = options.lock ?? inProcessLock(options.store);
  const { signal } = options;
  return await lock.hold(parts.channel, async () => {
    const { store, hasher } = options;
    const batch = await loadBatch(key, { store, hasher, isRedacted: undefined, signal });
    if (!batch?.ok) return undefined;
    const messages = decodeBatch(batch.bytes);
    const bytes = encodeBatch(messages);
    const healed = batchKey(parts.channel, {
      timeUs: parts.minuteUs,
      digest: await hasher.digest(bytes),
    });
    if (messages.length === 0 || healed === key || !isFaithful(batch.bytes, bytes)) {
      return undefined;
    }
    if (await isHidden(healed, options)) return undefined;
    try {
      await store.put(healed, bytes, { signal });
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      return undefined; // Another entry is in its place: this only rewrites.
    }
    await store.delete(key);
    return healed;
  }, { signal });
}

/** Whether the new bytes hold the same sightings as the old ones. */
function isFaithful(old: Uint8Array, fresh: Uint8Array): boolean {
  const lines = new TextDecoder().decode(old).split("\n");
  if (lines.some((line) => findRepeatedReceiver(line) !== undefined)) return false;
  const [before, after] = [readBatch(old), readBatch(fresh)];
  return before.includes(after) && after.includes(before);
}

async function isHidden(key: ArchiveKey, { store, signal }: HealOptions): Promise<boolean> {
  for await (const _ of store.list(tombstoneOf(key), { signal })) return true;
  return false;
}
