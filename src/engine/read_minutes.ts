import { type ArchiveKey, parseArchiveKey, parseHour } from "../core/archive_key.ts";
import { toDigestText } from "../core/digest_text.ts";
import { BatchSyntaxError } from "../core/errors.ts";
import { SightingSet } from "../core/sighting_set.ts";
import { HOUR_US, type Micros, minuteOf } from "../core/time.ts";
import type { AbortOptions, BatchStore } from "../ports/batch_store.ts";
import type { Hasher } from "../ports/hasher.ts";
import type { Reporter } from "../ports/reporter.ts";

/** What {@link readMinutes} reads. */
export interface ReadMinutesOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Checks that bytes are what their name says. */
  readonly hasher: Hasher;
  /** Is warned of each file that had to be left out. */
  readonly reporter: Reporter;
  /** Minutes from the one that holds this on. */
  readonly fromUs: Micros;
  /** Minutes that start before this. */
  readonly untilUs: Micros;
}

/** One minute of a channel. */
export interface ReadMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** Its messages, as one canonical batch. */
  readonly bytes: Uint8Array;
}

/**
 * Yields the minutes of `channel` that hold messages, in order, each with all of its files merged.
 *
 * Files that are damaged or unreadable are left out and told of, and counted as
 * `files_left_out`; those under a tombstone are left out. A ranged message whose sightings lie in
 * the files of two minutes comes as two until the archive is settled.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* readMinutes(
  channel: string,
  options: ReadMinutesOptions,
): AsyncIterable<ReadMinute> {
  const { store, fromUs, untilUs } = options;
  const abort = options.signal === undefined ? {} : { signal: options.signal };
  for await (const hour of store.folders(`${channel}/chat`, abort)) {
    const hourUs = parseHour(hour);
    if (hourUs === undefined || hourUs + HOUR_US <= fromUs || hourUs >= untilUs) continue;
    const keys: ArchiveKey[] = [];
    for await (const key of store.list(`${channel}/chat/${hour}/`, abort)) keys.push(key);
    for (const [minuteUs, batchKeys] of batchesByMinute(keys)) {
      if (minuteUs < minuteOf(fromUs) || minuteUs >= untilUs) continue;
      const sightings = new SightingSet();
      for (const key of batchKeys) await addFile(sightings, key, options);
      const bytes = sightings.encode();
      if (bytes.length > 0) yield { minuteUs, bytes };
    }
  }
}

/** The batches that nothing hides. Minutes come in order, as the keys do. */
function batchesByMinute(keys: readonly ArchiveKey[]): Map<Micros, ArchiveKey[]> {
  const all = new Set(keys);
  const byMinute = new Map<Micros, ArchiveKey[]>();
  for (const key of keys) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" || all.has(key.replace(/\.json$/, ".tombstone"))) continue;
    const group = byMinute.get(parts.minuteUs);
    if (group === undefined) byMinute.set(parts.minuteUs, [key]);
    else group.push(key);
  }
  return byMinute;
}

async function addFile(
  sightings: SightingSet,
  key: ArchiveKey,
  { store, hasher, reporter, signal }: ReadMinutesOptions,
): Promise<void> {
  const bytes = await store.get(key, signal === undefined ? {} : { signal });
  if (bytes === undefined) return; // Gone since it was listed: settled, or hidden by now.
  const leaveOut = (why: string, reason: string): void => {
    reporter.report("warning", "Left out a file that cannot be read", { key, reason });
    reporter.count("files_left_out", { why });
  };
  const found = toDigestText(await hasher.digest(bytes));
  if (!key.includes(found)) return leaveOut("damaged", `its bytes have the hash ${found}`);
  try {
    sightings.add(bytes, { key });
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    leaveOut("unreadable", `line ${error.line}: ${error.reason}`);
  }
}
