import { type ArchiveKey, batchKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { UnstoredMinute, UnstoredSource } from "../record/unstored/unstored_source.ts";

/** A batch that is in no file yet. */
export interface UnstoredBatch {
  readonly key: ArchiveKey;
  readonly minuteUs: Micros;
  /** See {@link UnstoredMinute}. */
  readonly identity: object;
  readonly version: number;
  /** Its bytes, which must not be changed; `undefined` where they are stored by now. */
  read(): Promise<Uint8Array | undefined>;
  /** How many bytes of memory it takes. */
  readonly heldBytes: number;
}

/** What {@link takeSnapshot} works with. */
export interface SnapshotOptions {
  /** Names batches. */
  readonly hasher: Hasher;
  /** Gets a warning for each batch that cannot be read back. */
  readonly reporter: Reporter;
}

/** All that is not stored of a channel at one moment, by key. */
export type UnstoredSnapshot = ReadonlyMap<ArchiveKey, UnstoredBatch>;

/**
 * What `sources` have of `channel` now. Batches that have not changed since `before` are taken from there,
 * so the cost is that of encoding and hashing the minutes that got messages. A batch that cannot be read
 * back is reported and left out.
 */
export async function takeSnapshot(
  channel: string,
  { sources, before, hasher, reporter }: SnapshotOptions & {
    readonly sources: Iterable<UnstoredSource>;
    readonly before: UnstoredSnapshot | undefined;
  },
): Promise<UnstoredSnapshot> {
  const known = new Map<object, UnstoredBatch>();
  for (const batch of before?.values() ?? []) known.set(batch.identity, batch);
  const taken: (UnstoredBatch | Promise<UnstoredBatch | undefined>)[] = [];
  // Without an await: until the last snapshot nothing can be stored, and freed.
  for (const source of sources) {
    for (const minute of source.minutesOf(channel)) {
      const same = known.get(minute.identity);
      if (same?.version === minute.version) taken.push(same);
      else taken.push(toBatch(minute, { channel, hasher, reporter }));
    }
  }
  const snapshot = new Map<ArchiveKey, UnstoredBatch>();
  for (const batch of await Promise.all(taken)) {
    if (batch !== undefined) snapshot.set(batch.key, batch);
  }
  return snapshot;
}

async function toBatch(
  minute: UnstoredMinute,
  { channel, hasher, reporter }: SnapshotOptions & { readonly channel: string },
): Promise<UnstoredBatch | undefined> {
  const given = minute.snapshot();
  const { minuteUs, identity, version } = minute;
  const isInMemory = given instanceof Uint8Array;
  try {
    const bytes = await given;
    if (bytes === undefined || bytes.length === 0) return undefined;
    const key = batchKey(channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
    // What memory had no room for is read back each time.
    const read = isInMemory ? () => Promise.resolve(bytes) : async () => await minute.snapshot();
    const heldBytes = isInMemory ? bytes.length : 0;
    return { key, minuteUs, identity, version, read, heldBytes };
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error;
    reporter.count("unstored_left_out", { code: error.code });
    reporter.report("warning", "Cannot read back messages that are not stored: left out", {
      channel,
      code: error.code,
      error: error.message,
    });
    return undefined;
  }
}
