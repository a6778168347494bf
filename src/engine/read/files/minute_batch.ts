import type { LoadedBatch } from "./load_batch.ts";

/** A batch as it matters for other minutes: its ranged sightings, perhaps without the rest. */
export interface MinuteBatch extends Pick<LoadedBatch, "key" | "minuteUs" | "ranged"> {
  /** All of it; `undefined` when only the ranged sightings are kept, to save memory. */
  readonly whole: LoadedBatch | undefined;
}

/** A batch, or only its ranged sightings: the files of busy minutes take much memory. */
export function toMinuteBatch(batch: LoadedBatch, { isWhole = true } = {}): MinuteBatch {
  const { key, minuteUs, ranged } = batch;
  // What was scanned keeps the bytes of its file; a copy does not.
  if (!isWhole) return { key, minuteUs, ranged: ranged.ranged(), whole: undefined };
  return { key, minuteUs, ranged, whole: batch };
}
