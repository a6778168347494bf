import { type ArchiveKey, batchKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../core/batch/batch.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { readBatch } from "../../core/merge/read_batch.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { loadBatch } from "../read/files/load_batch.ts";
import { ownLock } from "../settle/own_lock.ts";
import { findRepeatedReceiver } from "./repeated_receiver.ts";

/** What {@link healBatch} works with. */
export interface HealOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names what is written. */
  readonly hasher: Hasher;
  /** Where those who delete from this archive take turns. By default only those of this process. */
  readonly lock?: ArchiveLock;
}

/**
 * Writes a batch anew that is valid but not canonical, or not in order, then deletes the old file.
 * Returns the name of the new one; `undefined` if the file was left as it is, because it is well, or gone,
 * or not valid, or something is in the new one's place, or writing it anew would lose something: a
 * receiver that it names twice.
 *
 * Nothing is merged and nobody forgotten: settling does that.
 *
 * @throws {ChatloomError} when the store fails. Then the old file is there, perhaps with the new one.
 */
export async function healBatch(
  key: ArchiveKey,
  options: HealOptions,
): Promise<ArchiveKey | undefined> {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "batch") return undefined;
  const lock = options.lock ?? ownLock(options.store);
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
      return undefined; // Something is in its place. Looking for that is not what this is for.
    }
    await store.delete(key);
    return healed;
  }, { signal });
}

/** Whether the new bytes know all that the old ones know, and nothing else. */
function isFaithful(old: Uint8Array, fresh: Uint8Array): boolean {
  const lines = new TextDecoder().decode(old).split("\n");
  if (lines.some((line) => findRepeatedReceiver(line) !== undefined)) return false;
  const [before, after] = [readBatch(old), readBatch(fresh)];
  return before.includes(after) && after.includes(before);
}

async function isHidden(key: ArchiveKey, { store, signal }: HealOptions): Promise<boolean> {
  const tombstone = key.replace(/\.json$/, ".tombstone");
  for await (const _ of store.list(tombstone, { signal })) return true;
  return false;
}
