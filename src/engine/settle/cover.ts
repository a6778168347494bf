import { SightingSet } from "../../core/merge/sighting_set.ts";
import { includingOrdered } from "../../core/ordered/merge_ordered.ts";
import type { OrderedLines } from "../../core/ordered/ordered_lines.ts";
import type { Micros } from "../../core/time.ts";
import {
  addInParts,
  includesBatch,
  type LoadedBatch,
  scanInParts,
} from "../read/files/load_batch.ts";
import type { MinuteBatch } from "../read/files/minute_batch.ts";
import { runWithRests } from "../read/work_breaks.ts";
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
  { channel, plan: { targets, surplus, others } }: {
    readonly channel: string;
    readonly plan: SettlePlan;
  },
  rest: (() => Promise<void>) | undefined,
): Promise<Cover> {
  if (surplus.length === 0) return { covered: [], kept: [], relied: [] };
  const cover = new CoverSet(channel, rest);
  for (const target of targets) await cover.addTarget(target, surplus);
  const relied: ReliedBatch[] = [...targets];
  let kept = await uncovered(surplus, cover);
  for (const other of others) {
    if (kept.length === 0) break;
    cover.addOther(other);
    relied.push({ key: other.key, minuteUs: other.minuteUs, bytes: other.whole?.bytes });
    kept = await uncovered(kept, cover); // What is covered stays so: a cover only grows.
  }
  return { covered: surplus.filter((batch) => !kept.includes(batch)), kept, relied };
}

async function uncovered(
  batches: readonly LoadedBatch[],
  cover: CoverSet,
): Promise<LoadedBatch[]> {
  const found: LoadedBatch[] = [];
  for (const batch of batches) if (!await cover.includes(batch)) found.push(batch);
  return found;
}

/** What the files hold that stay, read from their own bytes. */
class CoverSet {
  readonly #channel: string;
  readonly #rest: (() => Promise<void>) | undefined;
  /** Ranged messages, and the exact ones of files that are not in the usual form. */
  readonly #sightings = new SightingSet();
  /** The exact messages of minutes whose file is in the usual form. */
  readonly #exact = new Map<Micros, OrderedLines>();
  /** Files of which the exact messages are in `#exact` only. */
  #scanned: StoredBatch[] = [];

  constructor(channel: string, rest: (() => Promise<void>) | undefined) {
    this.#channel = channel;
    this.#rest = rest;
  }

  /** Adds a file, of which most lines stand in one of the files that it supersedes, too. */
  async addTarget(target: StoredBatch, surplus: readonly LoadedBatch[]): Promise<void> {
    const { key, minuteUs, bytes } = target;
    const rest = this.#rest;
    const like = surplus.find((batch) => batch.minuteUs === minuteUs && batch.scanned !== undefined)
      ?.scanned?.exact;
    await rest?.();
    const scanned = await scanInParts(bytes, { channel: this.#channel, minuteUs, like, rest });
    if (scanned === undefined) return await addInParts(this.#sightings, bytes, { key, rest });
    this.#exact.set(minuteUs, scanned.exact);
    this.#sightings.addAll(scanned.ranged);
    this.#scanned.push(target);
  }

  /** Adds the ranged messages of a file. */
  addOther({ ranged }: MinuteBatch): void {
    this.#sightings.addAll(ranged);
  }

  /** Whether all is there that `batch` holds. */
  async includes(batch: LoadedBatch): Promise<boolean> {
    const exact = this.#exact.get(batch.minuteUs);
    if (batch.scanned === undefined || exact === undefined) {
      await this.#addScanned();
      return await includesBatch(this.#sightings, batch, this.#rest);
    }
    return this.#sightings.includes(batch.ranged) &&
      await runWithRests(includingOrdered(exact, batch.scanned.exact), this.#rest);
  }

  /** Adds the exact messages of all files, for one that cannot be compared with them line by line. */
  async #addScanned(): Promise<void> {
    const files = this.#scanned;
    this.#scanned = [];
    for (const { key, bytes } of files) {
      await addInParts(this.#sightings, bytes, { key, rest: this.#rest });
    }
  }
}
