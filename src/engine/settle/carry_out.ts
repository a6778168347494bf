import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { type ArchiveKey, hourPrefix, minutePrefix } from "../../core/archive/archive_key.ts";
import { hourOf } from "../../core/time.ts";
import { tombstoneOf } from "../read/files/minute_listing.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import type { ReliedBatch } from "./cover.ts";
import type { SettledMinutes, SettleMinuteOptions } from "./settle_minute.ts";
import { dueAfter } from "./settle_plan.ts";
import type { PlacedBatch, SettleVerdict } from "./settle_verdict.ts";

// Flushing many files at a time costs little more than flushing one.
const WRITES_MAX = 16;

/**
 * Writes and deletes what `verdict` says: the second half of settling.
 *
 * @throws {ChatloomError} as {@link settleMinute} does.
 * @throws {SnapshotStaleError} as {@link settleMinute} does.
 */
export async function carryOut(
  verdict: SettleVerdict,
  options: SettleMinuteOptions,
): Promise<SettledMinutes> {
  const { span, before, missing } = verdict;
  const { files, store, signal } = options;
  if (!verdict.isComplete) {
    const reason = "a chain of equal messages is over a day long";
    files.tellFault(minutePrefix(files.channel, span.fromUs), "chain", reason);
    return { span, written: 0, deleted: 0, due: [], before, after: undefined };
  }
  await forEachConcurrent(
    missing,
    WRITES_MAX,
    ({ key, bytes }) => store.put(key, bytes, { signal }),
  );
  const { deleted, kept } = await deleteCovered(verdict, options);
  const isSettled = kept.length === 0 && verdict.isWhole;
  return {
    span,
    before,
    after: isSettled ? verdict.targets : undefined,
    written: missing.length,
    deleted,
    due: dueAfter(span, kept),
  };
}

/** Returns how many files it deleted, and which it had to keep. */
async function deleteCovered(
  verdict: SettleVerdict,
  options: SettleMinuteOptions,
): Promise<{ readonly deleted: number; readonly kept: readonly PlacedBatch[] }> {
  const { store, reporter, files } = options;
  const { covered, kept, relied } = verdict;
  if (covered.length === 0) return { deleted: 0, kept };
  // Storing an existing file makes it safe, and replaces one that was damaged since it was read.
  const isFresh = new Set(verdict.missing.map(({ key }) => key));
  const { signal } = options;
  const stale = relied.filter(({ key }) => !isFresh.has(key));
  await forEachConcurrent(stale, WRITES_MAX, async ({ key, bytes: known }) => {
    let bytes = known;
    if (bytes === undefined) {
      const batch = await files.load(key, { signal });
      if (!batch?.ok) throw new SnapshotStaleError(key);
      bytes = batch.bytes;
    }
    await store.put(key, bytes, { signal });
  });
  if (!await areVisible(relied, options)) return { deleted: 0, kept: [...covered, ...kept] };
  await forEachConcurrent(covered, WRITES_MAX, ({ key }) => store.delete(key));
  if (await areVisible(relied, options)) return { deleted: covered.length, kept };
  // Another process that does not use the lock deleted a file that this relies on: then the last to look
  // restores.
  await forEachConcurrent(covered, WRITES_MAX, ({ key, bytes }) => store.put(key, bytes));
  reporter.report("error", "Another process settles this archive without the lock", {
    channel: files.channel,
  });
  return { deleted: 0, kept: [...covered, ...kept] };
}

/** Whether all of these are there and not hidden. */
async function areVisible(
  batches: readonly ReliedBatch[],
  { store, files }: SettleMinuteOptions,
): Promise<boolean> {
  const minutes = new Set(batches.map(({ minuteUs }) => minuteUs));
  // Of one minute a database lists a few rows in place of an hour's; a folder is read in either case.
  const prefixes = minutes.size === 1
    ? [...minutes].map((minuteUs) => minutePrefix(files.channel, minuteUs))
    : [...new Set([...minutes].map(hourOf))].map((hourUs) => hourPrefix(files.channel, hourUs));
  const listed = new Set<ArchiveKey>();
  for (const prefix of prefixes) {
    for await (const key of store.list(prefix)) listed.add(key);
  }
  return batches.every(({ key }) => listed.has(key) && !listed.has(tombstoneOf(key)));
}
