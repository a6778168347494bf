import { type ArchiveKey, batchKey } from "../../core/archive/archive_key.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import type { LoadedBatch } from "../read/files/load_batch.ts";
import type { MinuteBatch } from "../read/files/minute_batch.ts";
import type { Closure, MinuteSpan } from "../read/minute_closure.ts";

/** A batch that is stored, or will be. */
export interface StoredBatch {
  readonly key: ArchiveKey;
  readonly minuteUs: Micros;
  readonly bytes: Uint8Array;
}

/** The batches to store, and the files to delete, to settle some minutes. */
export interface SettlePlan {
  readonly closure: Closure;
  readonly span: MinuteSpan;
  /** Batches that are not stored yet. */
  readonly missing: readonly StoredBatch[];
  /** The batches once `missing` is stored: the normal form of the minutes of the span. */
  readonly targets: readonly StoredBatch[];
  /** Files of the span that are not part of the normal form. */
  readonly surplus: readonly LoadedBatch[];
  /** Files beside the span, and in minutes of it that must stay as they are. */
  readonly others: readonly MinuteBatch[];
}

/** Works out what makes the minutes of `span` what `closure` says they are. */
export async function planOf(
  closure: Closure,
  { hasher, files, span }: {
    readonly hasher: Hasher;
    readonly files: ChannelFiles;
    readonly span: MinuteSpan;
  },
): Promise<SettlePlan> {
  const targets: StoredBatch[] = [];
  const missing: StoredBatch[] = [];
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

/** A minute that should be settled. */
export interface PendingMinute {
  readonly minuteUs: Micros;
  /**
   * Whether only this minute is settled, not those into which its messages extend: for callers that visit
   * all of them.
   */
  readonly isAlone: boolean;
}

/** The minutes to check again because files of `span` were kept. */
export function dueAfter(
  span: MinuteSpan,
  kept: readonly { readonly minuteUs: Micros }[],
): PendingMinute[] {
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
