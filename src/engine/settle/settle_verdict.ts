import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { HOUR_US, hourOf } from "../../core/time.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import type { Closure, MinuteSpan } from "../read/minute_closure.ts";
import { coverOf, type ReliedBatch } from "./cover.ts";
import type { SettlePlan, StoredBatch } from "./settle_plan.ts";

/** A file and the minute that it belongs to. */
export type PlacedBatch = Omit<StoredBatch, "bytes">;

/**
 * What to write and what to delete to settle some minutes: all that was worked out, in plain values, so that
 * another thread can have done it.
 */
export interface SettleVerdict {
  readonly span: MinuteSpan;
  /** The batches of these minutes that were found, ascending. */
  readonly before: readonly ArchiveKey[];
  /** False if a chain of equal messages is too long to follow: then nothing may be changed. */
  readonly isComplete: boolean;
  /** Whether all files that were found were used, and none stands beyond the hours beside the span. */
  readonly isWhole: boolean;
  /** The batches of these minutes in normal form, ascending. */
  readonly targets: readonly ArchiveKey[];
  /** How many bytes these have. */
  readonly targetBytes: number;
  /** Those of them that are not stored yet. */
  readonly missing: readonly StoredBatch[];
  /** Files that may be deleted once all of `relied` is safe. */
  readonly covered: readonly StoredBatch[];
  /** Files that are no part of the normal form, and hold something that no other does. */
  readonly kept: readonly PlacedBatch[];
  /** The files that hold what is in those that are deleted. */
  readonly relied: readonly ReliedBatch[];
}

/** Works out what `plan` comes to. */
export async function verdictOn(
  plan: SettlePlan,
  { files, rest }: {
    readonly files: ChannelFiles;
    readonly rest?: (() => Promise<void>) | undefined;
  },
): Promise<SettleVerdict> {
  const { closure, span, targets, missing } = plan;
  const { isComplete } = closure;
  const nothing = { covered: [], kept: [], relied: [] };
  const { covered, kept, relied } = isComplete
    ? await coverOf({ channel: files.channel, plan }, rest)
    : nothing;
  return {
    span,
    before: batchesOf(closure, span),
    isComplete,
    isWhole: isWhole(closure, span),
    targets: targets.map(({ key }) => key).sort(),
    targetBytes: targets.reduce((sum, { bytes }) => sum + bytes.length, 0),
    missing: missing.map(stored),
    covered: covered.map(stored),
    kept: kept.map(({ key, minuteUs }) => ({ key, minuteUs })),
    relied: covered.length === 0
      ? []
      : relied.map(({ key, minuteUs, bytes }) => ({ key, minuteUs, bytes })),
  };
}

/** Without what else is known of a batch. */
function stored({ key, minuteUs, bytes }: StoredBatch): StoredBatch {
  return { key, minuteUs, bytes };
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
