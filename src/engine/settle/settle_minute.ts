import { type ArchiveKey, batchKey, minutePrefix } from "../../core/archive/archive_key.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import {
  closeExact,
  closeOver,
  type Closure,
  type MinuteBatch,
  type MinuteSpan,
} from "../read/close_over.ts";
import { SnapshotGone } from "../read/hour_snapshot.ts";
import type { LoadedBatch } from "../read/files/load_batch.ts";
import { listMinute, MinuteLoader } from "../read/minute_loader.ts";
import { type ChainSpan, chainSpan } from "./chain_span.ts";

/** What settling a minute works with. */
export interface SettleMinuteOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  /** The channel's files, with its redactions refreshed. */
  readonly files: ChannelFiles;
  /** Only this minute, not those to which its messages hang over: for whoever visits all of them. */
  readonly isAlone?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a minute. */
export interface SettledMinute {
  /** The minutes that were looked at to be settled, this one among them. */
  readonly span: MinuteSpan;
  /** How many batches were written. */
  readonly written: number;
  /** How many files were deleted. */
  readonly deleted: number;
  /** What is to be settled next because of what was found, in this order. */
  readonly due: readonly DueMinute[];
}

/** A minute that should be settled. */
export interface DueMinute {
  readonly minuteUs: Micros;
  /** See {@link SettleMinuteOptions.isAlone}. */
  readonly isAlone: boolean;
}

/**
 * Settles the minute of `minuteUs`: afterwards its messages stand in the normal form, one file a
 * minute, and so do those that hang over from it into the minutes beside it.
 *
 * Writes first. Deletes a file only when every sighting in it that nobody asked to forget stands in
 * other files, which are stored once more beforehand: that makes them safe should whoever wrote them
 * have crashed. Files that cannot be used are left alone. What is in the normal form already costs
 * reading, no writing.
 *
 * To be run with the channel's lock held. SETTLING.md says what could happen without.
 *
 * @throws {ChatloomError} when the store fails. Nothing is lost; settling again goes on from there.
 * @throws {SnapshotGone} when a file vanishes meanwhile: to be tried again.
 */
export async function settleMinute(
  minuteUs: Micros,
  options: SettleMinuteOptions,
): Promise<SettledMinute> {
  const loader = new MinuteLoader(options);
  const chain = await chainSpan(minuteUs, (at, isInside) => loader.load(at, isInside), options);
  const closure = await closureOf(chain, loader);
  if (!closure.isComplete) {
    const reason = "equal messages hang together for over a day";
    options.files.tellFault(minutePrefix(options.files.channel, minuteUs), "chain", reason);
    return { span: chain.span, written: 0, deleted: 0, due: [] };
  }
  const plan = await planOf(closure, { ...options, span: chain.span });
  for (const { key, bytes } of plan.missing) {
    await options.store.put(key, bytes, abortOf(options));
  }
  const { deleted, kept } = await deleteCovered(plan, options);
  return {
    span: chain.span,
    written: plan.missing.length,
    deleted,
    due: [...dueAfter(plan, kept, minuteUs), ...chain.rest],
  };
}

function abortOf({ signal }: { readonly signal?: AbortSignal | undefined }): AbortOptions {
  return signal === undefined ? {} : { signal };
}

/** What decides the minutes of `span`; of exact messages, only their own minute does. */
async function closureOf(
  { span, isExactOnly }: Pick<ChainSpan, "span" | "isExactOnly">,
  loader: MinuteLoader,
): Promise<Closure> {
  return isExactOnly
    ? await closeExact(span.fromUs, (at) => loader.load(at))
    : await closeOver(span, (at, isInside) => loader.load(at, isInside));
}

/** A batch that is stored, or is to be. */
interface Stored {
  readonly key: ArchiveKey;
  readonly minuteUs: Micros;
  readonly bytes: Uint8Array;
}

/** A batch that makes others safe to delete. */
interface Relied extends Omit<Stored, "bytes"> {
  /** Read again where they were let go of. */
  readonly bytes: Uint8Array | undefined;
}

interface Plan {
  readonly closure: Closure;
  readonly span: MinuteSpan;
  /** What is not stored yet. */
  readonly missing: readonly Stored[];
  /** What will be stored when `missing` is: the normal form of the minutes of the span. */
  readonly targets: readonly Stored[];
  /** Files of the span that are not part of the normal form. */
  readonly surplus: readonly LoadedBatch[];
  /** Files beside the span, and in minutes of it that have to stay as they are. */
  readonly others: readonly MinuteBatch[];
}

async function planOf(
  closure: Closure,
  { hasher, files, span }: SettleMinuteOptions & { readonly span: MinuteSpan },
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
    const key = batchKey(files.channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
    if (hidden.has(key)) {
      files.tellFault(key, "hidden", "a tombstone hides what this minute's files make together");
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
  const { covered, kept, relied } = coverOf(plan);
  if (covered.length === 0) return { deleted: 0, kept };
  // Storing what is there makes it safe, and replaces what was damaged since it was read.
  for (const { key, bytes: known } of relied) {
    let bytes = known;
    if (bytes === undefined) {
      const batch = await files.load(key, abortOf(options));
      if (!batch?.ok) throw new SnapshotGone(key);
      bytes = batch.bytes;
    }
    await store.put(key, bytes, abortOf(options));
  }
  if (!await areVisible(relied, options)) return { deleted: 0, kept: plan.surplus };
  for (const { key } of covered) await store.delete(key);
  if (await areVisible(relied, options)) return { deleted: covered.length, kept };
  // Somebody who did not wait for a turn deleted what we rely on: then the last to look restores.
  for (const { key, bytes } of covered) await store.put(key, bytes);
  reporter.report("error", "Somebody settles this archive without waiting for a turn", {
    channel: files.channel,
  });
  return { deleted: 0, kept: plan.surplus };
}

/** The surplus files that others cover, those that none cover, and the others that it takes. */
function coverOf({ targets, surplus, others }: Plan): {
  readonly covered: readonly LoadedBatch[];
  readonly kept: readonly LoadedBatch[];
  readonly relied: readonly Relied[];
} {
  if (surplus.length === 0) return { covered: [], kept: [], relied: [] };
  const cover = new SightingSet();
  for (const { bytes } of targets) cover.add(bytes);
  const relied: Relied[] = [...targets];
  const isCovered = ({ sightings }: LoadedBatch) => cover.includes(sightings);
  for (const other of others) {
    if (surplus.every(isCovered)) break;
    cover.addAll(other.ranged);
    relied.push({ key: other.key, minuteUs: other.minuteUs, bytes: other.whole?.bytes });
  }
  const covered = surplus.filter(isCovered);
  return { covered, kept: surplus.filter((batch) => !covered.includes(batch)), relied };
}

/** Whether these are there for readers, not hidden. */
async function areVisible(
  batches: readonly Relied[],
  { store, files }: SettleMinuteOptions,
): Promise<boolean> {
  const byMinute = new Map<Micros, ArchiveKey[]>();
  for (const { key, minuteUs } of batches) {
    byMinute.set(minuteUs, [...byMinute.get(minuteUs) ?? [], key]);
  }
  for (const [minuteUs, keys] of byMinute) {
    const { batches: visible } = await listMinute(minuteUs, { store, files });
    if (!keys.every((key) => visible.includes(key))) return false;
  }
  return true;
}

/** What has to be looked at again because of what was done, and was left to do, in `plan`. */
function dueAfter(
  { missing, surplus, span }: Plan,
  kept: readonly LoadedBatch[],
  minuteUs: Micros,
): DueMinute[] {
  const due: DueMinute[] = [];
  for (const batch of kept) {
    // What nobody covers belongs into a minute beside it, which has to take it in first.
    for (const at of [batch.minuteUs - MINUTE_US, batch.minuteUs + MINUTE_US]) {
      if (at >= 0 && (at < span.fromUs || at > span.toUs)) {
        due.push({ minuteUs: at, isAlone: true });
      }
    }
  }
  for (const batch of kept) due.push({ minuteUs: batch.minuteUs, isAlone: true });
  // A minute that changed may have others that hang on it.
  for (const { minuteUs: at } of [...missing, ...surplus]) {
    if (at !== minuteUs) due.push({ minuteUs: at, isAlone: false });
  }
  return due;
}
