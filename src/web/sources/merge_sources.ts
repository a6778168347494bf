import { batchKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { countLines } from "../../core/bytes.ts";
import { type Micros, TIME_END_US } from "../../core/time.ts";
import { settleCoverage } from "../../engine/coverage/settle_coverage.ts";
import { readMinutes } from "../../engine/read/read_minutes.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { noopReporter } from "../../ports/reporter.ts";
import type { MergeReport, MinuteProgress } from "./report.ts";

/** What a merge works with. */
export interface MergeOptions {
  /** All sources as one archive of their valid files. */
  readonly from: BatchStore;
  /** Empty. */
  readonly to: BatchStore;
  readonly channels: readonly string[];
  /** The total of minutes, for the progress. */
  readonly minuteCount: number;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MinuteProgress) => void;
}

/** The result of a merge. */
export type Merged = Omit<MergeReport, "leftOut">;

/**
 * Writes the settled form of `from` into `to`: the files that settling an archive of all of its files
 * leaves. A few minutes at a time are in memory.
 */
export async function mergeSources(options: MergeOptions): Promise<Merged> {
  const { from, to, hasher, signal, onProgress, minuteCount: total } = options;
  const startMs = performance.now();
  let [batches, bytes, messages, done] = [0, 0, 0, 0];
  const orders = await copyOrders(options);
  for (const channel of options.channels) {
    const minutes = readMinutes(channel, {
      store: from,
      hasher,
      reporter: noopReporter, // Faults were named when the sources were checked.
      fromUs: 0,
      untilUs: TIME_END_US,
      signal,
    });
    for await (const minute of minutes) {
      const digest = await hasher.digest(minute.bytes);
      const key = batchKey(channel, { timeUs: minute.minuteUs, digest });
      await to.put(key, minute.bytes, { signal });
      batches++;
      bytes += minute.bytes.length;
      messages += countLines(minute.bytes);
      onProgress({ done: ++done, total, key });
    }
  }
  return { batches, bytes, messages, ...orders, milliseconds: performance.now() - startMs };
}

/**
 * Copies what is not chat: tombstones and redactions, which an archive that takes the result
 * must obey, too, and coverage, in one file an hour.
 */
async function copyOrders(
  { from, to, channels, hasher, signal }: MergeOptions,
): Promise<{ tombstones: number; redactions: number }> {
  let [tombstones, redactions] = [0, 0];
  for (const channel of channels) {
    const coveredHours = new Set<Micros>();
    for await (const key of from.list(`${channel}/`, { signal })) {
      const parts = parseArchiveKey(key);
      if (parts === undefined || parts.kind === "batch") continue;
      const bytes = await from.get(key, { signal });
      if (bytes === undefined) continue;
      await to.put(key, bytes, { signal });
      if (parts.kind === "tombstone") tombstones++;
      if (parts.kind === "redaction") redactions++;
      if (parts.kind === "coverage") coveredHours.add(parts.hourUs);
    }
    for (const hourUs of coveredHours) {
      await settleCoverage(channel, hourUs, { store: to, hasher, reporter: noopReporter, signal });
    }
  }
  return { tombstones, redactions };
}
