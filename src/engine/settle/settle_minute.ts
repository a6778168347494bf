import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { type ArchiveKey, batchKey, minutePrefix } from "../../core/archive/archive_key.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import {
  closeExact,
  type Closure,
  type MinuteBatch,
  type MinuteFiles,
  type MinuteSpan,
  readClosure,
} from "../read/minute_closure.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import { addInParts, includesBatch, type LoadedBatch } from "../read/files/load_batch.ts";
import { runWithRests } from "../read/work_breaks.ts";
import { MinuteListings, MinuteLoader } from "../read/minute_loader.ts";
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
  /** How many bytes they take now. */
  readonly byteCount: number;
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

/** A minute that should be settled. */
export interface PendingMinute {
  readonly minuteUs: Micros;
  /**
   * Whether only this minute is settled, not those into which its messages extend: for callers that visit
   * all of them.
   */
  readonly isAlone: boolean;
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
  const { changed, ...settled } = await settleClosure(closure, { ...options, span: chain.span });
  // A minute that changed may affect others.
  const hanging = changed.filter((at) => at !== minuteUs)
    .map((at) => ({ minuteUs: at, isAlone: false }));
  return { ...settled, due: [...settled.due, ...hanging, ...chain.rest] };
}

/**
 * Settles all minutes of `span` at once, as {@link settleMinute} does each of them alone: for callers that
 * visit all minutes. All files of the span are in memory meanwhile.
 *
 * @throws {ChatloomError} as {@link settleMinute} does.
 * @throws {SnapshotStaleError} as {@link settleMinute} does.
 */
export async function settleSpan(
  span: MinuteSpan,
  options: SettleMinuteOptions,
): Promise<SettledMinutes> {
  const loader = new MinuteLoader(options);
  const load: LoadMinute = (at, isInside) => loader.load(at, isInside);
  const closure = await readClosure(span, load, options.rest);
  const { changed: _, ...settled } = await settleClosure(closure, { ...options, span });
  return settled;
}

type LoadMinute = (minuteUs: Micros, isInside?: boolean) => Promise<MinuteFiles>;

type SpanOptions = SettleMinuteOptions & { readonly span: MinuteSpan };

// Flushing many files at a time costs little more than flushing one.
const WRITES_MAX = 16;

/** Brings the stored files to the normal form of `closure`; also says which minutes changed. */
async function settleClosure(
  closure: Closure,
  options: SpanOptions,
): Promise<SettledMinutes & { readonly changed: readonly Micros[] }> {
  const { span, files, store, signal } = options;
  if (!closure.isComplete) {
    const reason = "a chain of equal messages is over a day long";
    files.tellFault(minutePrefix(files.channel, span.fromUs), "chain", reason);
    const before = batchesOf(closure, span);
    const nothing = { byteCount: 0, written: 0, deleted: 0, due: [], changed: [] };
    return { ...nothing, span, before, after: undefined };
  }
  const plan = await planOf(closure, options);
  await forEachConcurrent(
    plan.missing,
    WRITES_MAX,
    ({ key, bytes }) => store.put(key, bytes, { signal }),
  );
  const { deleted, kept } = await deleteCovered(plan, options);
  const isSettled = kept.length === 0 && isWhole(closure, span);
  return {
    span,
    before: batchesOf(closure, span),
    after: isSettled ? plan.targets.map(({ key }) => key).sort() : undefined,
    byteCount: plan.targets.reduce((sum, { bytes }) => sum + bytes.length, 0),
    written: plan.missing.length,
    deleted,
    due: dueAfter(plan, kept),
    changed: [...plan.missing, ...plan.surplus].map(({ minuteUs }) => minuteUs),
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

/** A batch that is stored, or will be. */
interface Stored {
  readonly key: ArchiveKey;
  readonly minuteUs: Micros;
  readonly bytes: Uint8Array;
}

/** A batch that makes others safe to delete. */
interface Relied extends Omit<Stored, "bytes"> {
  /** Read again if they were dropped. */
  readonly bytes: Uint8Array | undefined;
}

interface Plan {
  readonly closure: Closure;
  readonly span: MinuteSpan;
  /** Batches that are not stored yet. */
  readonly missing: readonly Stored[];
  /** The batches once `missing` is stored: the normal form of the minutes of the span. */
  readonly targets: readonly Stored[];
  /** Files of the span that are not part of the normal form. */
  readonly surplus: readonly LoadedBatch[];
  /** Files beside the span, and in minutes of it that must stay as they are. */
  readonly others: readonly MinuteBatch[];
}

async function planOf(
  closure: Closure,
  { hasher, files, span }: SpanOptions,
): Promise<Plan> {
  const targets: Stored[] = [];
  const missing: Stored[] = [];
  const surplus: LoadedBatch[] = [];
  const others: MinuteBatch[] = [];
  for (const [minuteUs, { loaded, hidden }] of closure.minutes) {
    if (minuteUs < span.fromUs || minuteUs > span.toUs) {
      others.push(...loaded);
      continue;
    }
    const bytes = closure.normal.get(minuteUs);
    const whole = loaded.flatMap(({ whole }) => whole ?? []); // Minutes of the span are read whole.
    if (bytes === undefined) {
      surplus.push(...whole);
      continue;
    }
    // Where the normal form equals a file, its name has been checked.
    const key = whole.find((batch) => batch.bytes === bytes)?.key ??
      batchKey(files.channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
    if (hidden.has(key)) {
      files.tellFault(key, "hidden", "a tombstone hides the merge of this minute's files");
      others.push(...loaded);
      continue;
    }
    const target = { key, minuteUs, bytes };
    targets.push(target);
    if (!loaded.some((batch) => batch.key === key)) missing.push(target);
    surplus.push(...whole.filter((batch) => batch.key !== key));
  }
  return { closure, span, missing, targets, surplus, others };
}

/** Returns how many files it deleted, and which it had to keep. */
async function deleteCovered(
  plan: Plan,
  options: SettleMinuteOptions,
): Promise<{ readonly deleted: number; readonly kept: readonly LoadedBatch[] }> {
  const { store, reporter, files } = options;
  const { covered, kept, relied } = await coverOf(plan, options.rest);
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

/** The surplus files that others cover, those that none cover, and the others that it takes. */
async function coverOf(
  { closure, targets, surplus, others }: Plan,
  rest: (() => Promise<void>) | undefined,
): Promise<{
  readonly covered: readonly LoadedBatch[];
  readonly kept: readonly LoadedBatch[];
  readonly relied: readonly Relied[];
}> {
  if (surplus.length === 0) return { covered: [], kept: [], relied: [] };
  const cover = new SightingSet();
  for (const { key, bytes } of targets) await addInParts(cover, bytes, { key, rest });
  const { minutes, sightings: joined } = closure.joined;
  const isJoinedSafe = await runWithRests(cover.includingExact(joined), rest);
  const isCovered = async (batch: LoadedBatch) =>
    // What was joined holds all exact messages of its files, which need not be read once more.
    isJoinedSafe && batch.scanned !== undefined && minutes.has(batch.minuteUs)
      ? cover.includes(batch.ranged)
      : await includesBatch(cover, batch, rest);
  const relied: Relied[] = [...targets];
  let kept = await uncovered(surplus, isCovered);
  for (const other of others) {
    if (kept.length === 0) break;
    cover.addAll(other.ranged);
    relied.push({ key: other.key, minuteUs: other.minuteUs, bytes: other.whole?.bytes });
    kept = await uncovered(kept, isCovered); // What is covered stays so: a cover only grows.
  }
  return { covered: surplus.filter((batch) => !kept.includes(batch)), kept, relied };
}

async function uncovered(
  batches: readonly LoadedBatch[],
  isCovered: (batch: LoadedBatch) => Promise<boolean>,
): Promise<LoadedBatch[]> {
  const found: LoadedBatch[] = [];
  for (const batch of batches) if (!await isCovered(batch)) found.push(batch);
  return found;
}

/** Whether all of these are there and not hidden. */
async function areVisible(
  batches: readonly Relied[],
  { store, files }: SettleMinuteOptions,
): Promise<boolean> {
  const listings = new MinuteListings({ store, files });
  for (const { key, minuteUs } of batches) {
    if (!(await listings.of(minuteUs)).batches.includes(key)) return false;
  }
  return true;
}

/** The minutes to check again because `plan` left work. */
function dueAfter({ span }: Plan, kept: readonly LoadedBatch[]): PendingMinute[] {
  const due: PendingMinute[] = [];
  for (const batch of kept) {
    // A file that no batch covers belongs to a minute beside it, which has to take its messages first.
    for (const at of [batch.minuteUs - MINUTE_US, batch.minuteUs + MINUTE_US]) {
      if (at >= 0 && (at < span.fromUs || at > span.toUs)) {
        due.push({ minuteUs: at, isAlone: true });
      }
    }
  }
  for (const batch of kept) due.push({ minuteUs: batch.minuteUs, isAlone: true });
  return due;
}
