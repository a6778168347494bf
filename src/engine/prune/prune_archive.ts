import { formatHour, parseHour } from "../../core/archive_key.ts";
import { hourOf, type Micros } from "../../core/time.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { HourNotes } from "../../ports/hour_notes.ts";
import type { PruneMarks } from "../../ports/prune_marks.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";

/** What pruning works with. */
export interface PruneOptions extends AbortOptions {
  readonly store: BatchStore;
  /** Where those who delete from this archive take turns. */
  readonly lock: ArchiveLock;
  readonly marks: PruneMarks;
  /** What is known of hours that go is forgotten too. */
  readonly notes: HourNotes;
  /** Hours that ended by then go. */
  readonly beforeUs: Micros;
  /** Only these channels; all unless told. */
  readonly channels?: readonly string[];
  /** Only says what would go. */
  readonly isDryRun: boolean;
}

/** An hour that went, or would. */
export interface PrunedHour {
  readonly channel: string;
  readonly hour: string;
  /** How many files it had: batches, tombstones, coverage. */
  readonly files: number;
}

/**
 * Deletes the hours of an archive that are older than wanted, oldest first, and yields them. A mark
 * that is set before keeps them from coming back through sync, also if this is broken off: doing it
 * again finishes what was begun. Redactions stay: an order to forget holds on.
 *
 * @throws {ChatloomError} when the store or a mark fails.
 */
export async function* pruneArchive(options: PruneOptions): AsyncGenerator<PrunedHour> {
  const { store, marks, notes, beforeUs, isDryRun, signal } = options;
  const abort = signal === undefined ? {} : { signal };
  const before = formatHour(hourOf(Math.max(0, beforeUs)));
  for await (const channel of options.channels ?? store.folders("", abort)) {
    if (!isDryRun && before > await marks.get(channel, abort)) await marks.set(channel, before);
    for (const hour of await channelHours(channel, { store, ...abort })) {
      if (hour >= before) break;
      const files = await pruneHour(channel, hour, options);
      if (!isDryRun) await notes.replace(channel, hour, "");
      if (files > 0) yield { channel, hour, files };
    }
  }
}

async function pruneHour(
  channel: string,
  hour: string,
  { store, lock, isDryRun, signal }: PruneOptions,
): Promise<number> {
  const abort = signal === undefined ? {} : { signal };
  const work = async () => {
    let files = 0;
    for (const key of await keysOfHour(channel, parseHour(hour)!, { store, ...abort })) {
      // Tombstones sort after what they hide: the hidden goes before what hides it.
      if (!isDryRun) await store.delete(key, abort);
      files++;
    }
    return files;
  };
  return isDryRun ? await work() : await lock.hold(channel, work, abort);
}
