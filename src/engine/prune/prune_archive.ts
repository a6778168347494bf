import {
  type ArchiveKey,
  coveragePrefix,
  formatHour,
  hourPrefix,
  parseHour,
} from "../../core/archive/archive_key.ts";
import { type UnreadableEntry, UnreadableEntryError } from "../../core/errors/errors.ts";
import { hourOf, type Micros } from "../../core/time.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";
import type { HourPacks } from "../../ports/archive/hour_packs.ts";
import type { HourNotes } from "../../ports/notes/hour_notes.ts";
import type { PruneMarks } from "../../ports/notes/prune_marks.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";
import { hiddenBy } from "../read/files/minute_listing.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";

/** What {@link pruneArchive} works with. */
export interface PruneOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Its packs, if it can have some. */
  readonly packs?: HourPacks | undefined;
  /** Serializes deletes from this archive. */
  readonly lock: ArchiveLock;
  /** Where the first kept hour of a channel is noted. */
  readonly marks: PruneMarks;
  /** Notes on hours, which are forgotten with the hours. */
  readonly notes: HourNotes;
  /** Hours that ended by then are deleted. */
  readonly beforeUs: Micros;
  /** Only these channels. @default all */
  readonly channels?: readonly string[] | undefined;
  /** Whether it only says what would be deleted. */
  readonly isDryRun: boolean;
}

/** An hour that was deleted, or would be. */
export interface PrunedHour {
  /** The channel. */
  readonly channel: string;
  /** Such as `2026-08-01T12`; empty for a channel that could not be listed. */
  readonly hour: string;
  /** How many files it had: batches, tombstones, coverage. */
  readonly files: number;
  /** Files and folders that cannot be deleted: they stay as they are. */
  readonly undeleted: readonly UnreadableEntry[];
  /** Strays, which stay too. */
  readonly strays: readonly Stray[];
}

/**
 * Deletes the hours of an archive that ended before a time, oldest first, and yields them. A mark
 * that is set before keeps them from coming back through sync, also if this is interrupted: pruning
 * again finishes the work. Redactions stay in force. A file that cannot be deleted
 * stays and is named, and the others are deleted; a channel that cannot be listed is named with an empty
 * hour.
 *
 * @throws {ChatloomError} when the store or a mark fails.
 */
export async function* pruneArchive(options: PruneOptions): AsyncGenerator<PrunedHour> {
  const { marks, notes, beforeUs, isDryRun, signal } = options;
  const unread: UnreadableEntry[] = [];
  const store = tolerantStore(options.store, (entry) => void unread.push(entry));
  const before = formatHour(hourOf(Math.max(0, beforeUs)));
  for await (const channel of options.channels ?? store.folders("", { signal })) {
    if (!isDryRun && before > await marks.get(channel, { signal })) {
      await marks.set(channel, before);
    }
    for (const hour of await channelHours(channel, { store, signal })) {
      if (hour >= before) break;
      const { files, strays, ...pruned } = await pruneHour(channel, hour, { ...options, store });
      if (!isDryRun) await notes.replace(channel, hour, "");
      const undeleted = [...pruned.undeleted, ...unread.splice(0)];
      if (files + undeleted.length + strays.length > 0) {
        yield { channel, hour, files, undeleted, strays };
      }
    }
    const undeleted = unread.splice(0);
    if (undeleted.length > 0) yield { channel, hour: "", files: 0, undeleted, strays: [] };
  }
}

async function pruneHour(
  channel: string,
  hour: string,
  { store, packs, lock, isDryRun, signal }: PruneOptions,
): Promise<Pick<PrunedHour, "files" | "undeleted" | "strays">> {
  const hourUs = parseHour(hour)!;
  const work = async () => {
    const undeleted = new Map<string, UnreadableEntry>();
    const dropped = isDryRun ? 0 : await packs?.drop(channel, hour, { signal }) ?? 0;
    const keys = await keysOfHour(channel, hourUs, { store, signal });
    if (!isDryRun) {
      for (const key of keys) {
        // Tombstones sort after the batches they hide, so the hidden batch is deleted first.
        const hidden = key.endsWith(".tombstone") ? undeleted.get(hiddenBy(key)) : undefined;
        const fault = hidden === undefined
          ? await faultOf(key, () => store.delete(key, { signal }))
          : { path: key, reason: "it hides a file that cannot be deleted" };
        if (fault !== undefined) undeleted.set(key, fault);
      }
      for (const key of await keysOfHour(channel, hourUs, { store, signal })) {
        const fault = undeleted.get(key) ?? await faultOf(key, () => store.get(key, { signal }));
        if (fault !== undefined) undeleted.set(key, fault);
      }
    }
    const strays: Stray[] = [];
    for (const prefix of [hourPrefix(channel, hourUs), coveragePrefix(channel, hourUs)]) {
      for await (const stray of store.strays(prefix, { signal })) strays.push(stray);
    }
    const files = dropped + keys.length - undeleted.size;
    return { files, undeleted: [...undeleted.values()], strays };
  };
  return isDryRun ? await work() : await lock.hold(channel, work, { signal });
}

/** Runs `work` on the entry `key`, or returns why that cannot be done. */
async function faultOf(
  key: ArchiveKey,
  work: () => Promise<unknown>,
): Promise<UnreadableEntry | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    return { path: key, reason: error.entries[0].reason };
  }
}
