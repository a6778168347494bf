import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { type ArchiveKey, hourPrefix, minutePrefix } from "../../core/archive/archive_key.ts";
import { HOUR_US, hourOf, type Micros } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import {
  closeExact,
  type Closure,
  type MinuteFiles,
  type MinuteSpan,
  readClosure,
} from "../read/minute_closure.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import type { LoadedBatch } from "../read/files/load_batch.ts";
import { tombstoneOf } from "../read/files/minute_listing.ts";
import { MinuteLoader } from "../read/minute_loader.ts";
import { coverOf, type ReliedBatch } from "./cover.ts";
import { dueAfter, type PendingMinute, planOf, type SettlePlan } from "./settle_plan.ts";
import { chainSpan } from "./chain_span.ts";

/** What settling minutes works with. */
export interface SettleMinuteOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  /** The channel's files, with its redactions refreshed. */
  readonly files: ChannelFiles;
  /** Called every few milliseconds of work: lets others run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of settling some minutes. */
export interface SettledMinutes {
  /** The minutes that were checked. */
  readonly span: MinuteSpan;
  /** How many batches were written. */
  readonly written: number;
  /** How many files were deleted. */
  readonly deleted: number;
  /** The minutes to settle next because of this one, in this order. */
  readonly due: readonly PendingMinute[];
  /** The batches of these minutes that were found, ascending. */
  readonly before: readonly ArchiveKey[];
  /**
   * The batches that these minutes have now, ascending, if nothing is left to be done there; `undefined` if
   * something is left alone, or has to wait, or files of other hours than those beside had a part in them.
   */
  readonly after: readonly ArchiveKey[] | undefined;
}

/**
 * Settles the minute of `minuteUs`: afterwards its messages stand in the normal form, one file a
 * minute, and, unless it is settled alone, so do those that extend from it into the minutes
 * beside it.
 *
 * Writes first. Deletes a file only when every sighting in it that no redaction covers stands in
 * other files that are safe on the disk. Files that cannot be used are left alone. What is in the
 * normal form already costs reading, no writing.
 *
 * The caller holds the channel's lock. SETTLING.md says what could happen without.
 *
 * @throws {ChatloomError} when the store fails. Nothing is lost; settling again goes on from there.
 * @throws {SnapshotStaleError} when a file vanishes meanwhile: then try again.
 */
export async function settleMinute(
  { minuteUs, isAlone }: PendingMinute,
  options: SettleMinuteOptions,
): Promise<SettledMinutes> {
  const loader = new MinuteLoader(options);
  const load: LoadMinute = (at, isInside) => loader.load(at, isInside);
  const { rest } = options;
  const chain = await chainSpan(minuteUs, load, { isAlone, takeRest: rest });
  const closure = chain.isExactOnly
    ? await closeExact(minuteUs, load, rest)
    : await readClosure(chain.span, load, rest);
  const plan = await planOf(closure, { ...options, span: chain.span });
  const settled = await carryOut(plan, options);
  // A minute that changed may affect others.
  const hanging = [...plan.missing, ...plan.surplus].map((batch) => batch.minuteUs)
    .filter((at) => at !== minuteUs)
    .map((at) => ({ minuteUs: at, isAlone: false }));
  return { ...settled, due: [...settled.due, ...hanging, ...chain.rest] };
}

/**
 * Begins to settle all minutes of `span` at once, as {@link settleMinute} settles each of them alone: reads
 * and works out what to write and delete. For callers that visit all minutes. All files of the span are in
 * memory until the result is dropped.
 *
 * @throws {ChatloomError} when the store fails.
 * @throws {SnapshotStaleError} as {@link settleMinute} does.
 */
export async function planSpan(
  span: MinuteSpan,
  options: SettleMinuteOptions,
): Promise<SettlePlan> {
  const loader = new MinuteLoader(options);
  const load: LoadMinute = (at, isInside) => loader.load(at, isInside);
  return await planOf(await readClosure(span, load, options.rest), { ...options, span });
}

type LoadMinute = (minuteUs: Micros, isInside?: boolean) => Promise<MinuteFiles>;

// Flushing many files at a time costs little more than flushing one.
const WRITES_MAX = 16;

/**
 * Writes and deletes what `plan` says: the second half of settling.
 *
 * @throws {ChatloomError} as {@link settleMinute} does.
 * @throws {SnapshotStaleError} as {@link settleMinute} does.
 */
export async function carryOut(
  plan: SettlePlan,
  options: SettleMinuteOptions,
): Promise<SettledMinutes> {
  const { closure, span } = plan;
  const { files, store, signal } = options;
  const before = batchesOf(closure, span);
  if (!closure.isComplete) {
    const reason = "a chain of equal messages is over a day long";
    files.tellFault(minutePrefix(files.channel, span.fromUs), "chain", reason);
    return { span, written: 0, deleted: 0, due: [], before, after: undefined };
  }
  await forEachConcurrent(
    plan.missing,
    WRITES_MAX,
    ({ key, bytes }) => store.put(key, bytes, { signal }),
  );
  const { deleted, kept } = await deleteCovered(plan, options);
  const isSettled = kept.length === 0 && isWhole(closure, span);
  return {
    span,
    before,
    after: isSettled ? plan.targets.map(({ key }) => key).sort() : undefined,
    written: plan.missing.length,
    deleted,
    due: dueAfter(plan, kept),
  };
}

function batchesOf({ minutes }: Closure, span: MinuteSpan): ArchiveKey[] {
  return [...minutes.values()]
    .filter(({ minuteUs }) => minuteUs >= span.fromUs && minuteUs <= span.toUs)
    .flatMap(({ batches }) => batches).sort();
}

/** Whether all files that were found were used, and none stands beyond the hours beside the span. */
function isWhole({ minutes }: Closure, span: MinuteSpan): boolean {
  return [...minutes.values()].every(({ minuteUs, batches, hidden, loaded }) =>
    batches.length === 0 && hidden.size === 0 ||
    batches.length === loaded.length && hidden.size === 0 &&
      minuteUs >= hourOf(span.fromUs) - HOUR_US && minuteUs < hourOf(span.toUs) + 2 * HOUR_US
  );
}

/** Returns how many files it deleted, and which it had to keep. */
async function deleteCovered(
  plan: SettlePlan,
  options: SettleMinuteOptions,
): Promise<{ readonly deleted: number; readonly kept: readonly LoadedBatch[] }> {
  const { store, reporter, files } = options;
  const { covered, kept, relied } = await coverOf({ channel: files.channel, plan }, options.rest);
  if (covered.length === 0) return { deleted: 0, kept };
  // Storing an existing file makes it safe, and replaces one that was damaged since it was read.
  const isFresh = new Set(plan.missing.map(({ key }) => key));
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
  if (!await areVisible(relied, options)) return { deleted: 0, kept: plan.surplus };
  await forEachConcurrent(covered, WRITES_MAX, ({ key }) => store.delete(key));
  if (await areVisible(relied, options)) return { deleted: covered.length, kept };
  // Another process that does not use the lock deleted a file that this relies on: then the last to look
  // restores.
  await forEachConcurrent(covered, WRITES_MAX, ({ key, bytes }) => store.put(key, bytes));
  reporter.report("error", "Another process settles this archive without the lock", {
    channel: files.channel,
  });
  return { deleted: 0, kept: plan.surplus };
}

/** Whether all of these are there and not hidden. */
async function areVisible(
  batches: readonly ReliedBatch[],
  { store, files }: SettleMinuteOptions,
): Promise<boolean> {
  const hours = new Set(batches.map(({ minuteUs }) => hourOf(minuteUs)));
  const listed = new Set<ArchiveKey>();
  for (const hourUs of hours) {
    for await (const key of store.list(hourPrefix(files.channel, hourUs))) listed.add(key);
  }
  return batches.every(({ key }) => listed.has(key) && !listed.has(tombstoneOf(key)));
}
