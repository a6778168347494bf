import { runWithRests } from "../read/work_breaks.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import { addInParts, includesBatch, type LoadedBatch } from "../read/files/load_batch.ts";
import type { SettlePlan, StoredBatch } from "./settle_plan.ts";

/** A batch that makes others safe to delete. */
export interface ReliedBatch extends Omit<StoredBatch, "bytes"> {
  /** Read again if they were dropped. */
  readonly bytes: Uint8Array | undefined;
}

/** Which files of a plan others make superfluous. */
export interface Cover {
  /** Surplus files of which others hold every sighting that no redaction covers. */
  readonly covered: readonly LoadedBatch[];
  /** Surplus files that hold something that others do not. */
  readonly kept: readonly LoadedBatch[];
  /** The others. */
  readonly relied: readonly ReliedBatch[];
}

/**
 * Finds the surplus files that may be deleted.
 *
 * @param rest Called between long steps of work: lets others run. By default none is taken.
 */
export async function coverOf(
  { closure, targets, surplus, others }: SettlePlan,
  rest: (() => Promise<void>) | undefined,
): Promise<Cover> {
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
  const relied: ReliedBatch[] = [...targets];
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
