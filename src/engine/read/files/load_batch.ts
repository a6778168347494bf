import { countLines, LINE_FEED } from "../../../core/bytes.ts";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import type { RedactionMatcher } from "../../../core/redaction/redaction_matcher.ts";
import {
  BatchScanner,
  type ScannedBatch,
  type ScanPlace,
} from "../../../core/ordered/batch_scanner.ts";
import type { OrderedLines } from "../../../core/ordered/ordered_lines.ts";
import { readBatch } from "../../../core/merge/read_batch.ts";
import { SightingSet } from "../../../core/merge/sighting_set.ts";
import type { Micros } from "../../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { readEntry } from "./read_entry.ts";

/** Why a file that is there does not count. It is left alone: neither merged nor deleted. */
export interface BatchFault {
  /**
   * Its bytes do not match its name; the store cannot read it or a line is no message; it belongs to
   * another minute.
   */
  readonly kind: "damaged" | "unreadable" | "misplaced";
  /** The faulty line, counted from 1, if there is one. */
  readonly line?: number;
  /** The details, in words. */
  readonly reason: string;
}

/** A batch that was read. */
export interface LoadedBatch {
  readonly ok: true;
  /** Its name. */
  readonly key: ArchiveKey;
  /** The minute it belongs to. */
  readonly minuteUs: Micros;
  /** Its bytes, as stored. Must not be changed: the sightings stand in them. */
  readonly bytes: Uint8Array;
  /**
   * The result of the scan; `undefined` if its form is not the usual one, or a redaction applies to
   * it.
   */
  readonly scanned: ScannedBatch | undefined;
  /** Its sightings without redacted ones; read when first needed. Must not be changed. */
  readonly sightings: SightingSet;
  /** The same without exact messages: the part that can reach into other minutes. Must not be changed. */
  readonly ranged: SightingSet;
  /** How many redacted sightings it holds. */
  readonly redactedCount: number;
}

/** A file that does not count. */
export interface FaultyBatch {
  readonly ok: false;
  /** Its name. */
  readonly key: ArchiveKey;
  /** The fault. */
  readonly fault: BatchFault;
}

/** What {@link loadBatch} works with. */
export interface LoadBatchOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** The redactions; none if `undefined`. */
  readonly isRedacted: RedactionMatcher | undefined;
  /** The exact messages of another batch of a minute: what both have is read faster. @default none */
  readonly like?: (minuteUs: Micros) => OrderedLines | undefined;
  /** Called every few milliseconds of work: lets other tasks run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
}

/**
 * Reads and checks a batch, or names its fault; `undefined` if it is not there (any more).
 *
 * @throws {ChatloomError} when the store fails.
 * @throws {RangeError} when `key` names no batch.
 */
export async function loadBatch(
  key: ArchiveKey,
  { store, hasher, isRedacted, like, rest, signal }: LoadBatchOptions,
): Promise<LoadedBatch | FaultyBatch | undefined> {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "batch") throw new RangeError(`Cannot read "${key}": it names no batch`);
  const { minuteUs } = parts;
  const entry = await readEntry(key, { store, hasher, signal });
  if (!entry?.ok) return entry && { ...entry, key };
  const { bytes } = entry;
  const scanned = await scanInParts(bytes, { ...parts, like: like?.(minuteUs), rest });
  if (scanned !== undefined && isRedacted === undefined) {
    const { ranged } = scanned;
    if (!ranged.fitsMinute(minuteUs)) return misplaced(key);
    return new UsualBatch({ key, minuteUs, bytes, scanned, ranged });
  }
  let sightings;
  try {
    sightings = await readInParts(bytes, { key, rest });
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    const { line, reason } = error;
    return { ok: false, key, fault: { kind: "unreadable", line, reason } };
  }
  if (!sightings.fitsMinute(minuteUs)) return misplaced(key);
  const redactedCount = isRedacted === undefined ? 0 : sightings.drop(isRedacted);
  const known = { key, minuteUs, bytes, ranged: sightings.ranged() };
  if (redactedCount === 0 && scanned !== undefined) return new UsualBatch({ ...known, scanned });
  return { ok: true, ...known, scanned: undefined, sightings, redactedCount };
}

/**
 * A reader that looks for a message looks into the minutes that its range touches, so this file would
 * be in the archive for some readers and not for others.
 */
function misplaced(key: ArchiveKey): FaultyBatch {
  const reason = "it holds a message of another minute";
  return { ok: false, key, fault: { kind: "misplaced", reason } };
}

/** A batch in the usual form: the scan answers nearly all questions about it without parsing. */
class UsualBatch implements LoadedBatch {
  readonly ok = true;
  readonly key: ArchiveKey;
  readonly minuteUs: Micros;
  readonly bytes: Uint8Array;
  readonly scanned: ScannedBatch;
  readonly ranged: SightingSet;
  readonly redactedCount = 0;

  constructor(known: Pick<UsualBatch, "key" | "minuteUs" | "bytes" | "scanned" | "ranged">) {
    this.key = known.key;
    this.minuteUs = known.minuteUs;
    this.bytes = known.bytes;
    this.scanned = known.scanned;
    this.ranged = known.ranged;
  }

  get sightings(): SightingSet {
    return readBatch(this.bytes, { key: this.key, isOwned: true });
  }
}

/**
 * Joins a batch to `set`, a few milliseconds of work at a time.
 *
 * @param rest Called between two such steps: lets other tasks run. By default not called.
 */
export async function joinBatch(
  set: SightingSet,
  batch: Pick<LoadedBatch, "key" | "bytes" | "scanned" | "sightings">,
  rest?: () => Promise<void>,
): Promise<void> {
  await rest?.();
  if (batch.scanned === undefined) set.addAll(batch.sightings);
  else await addInParts(set, batch.bytes, { key: batch.key, rest });
}

/**
 * Scans a batch a few milliseconds of work at a time; `undefined` if its form is not the usual one.
 *
 * @param options.rest Called between two such steps: lets other tasks run. By default there is one step.
 */
export async function scanInParts(
  bytes: Uint8Array,
  { rest, ...place }: ScanPlace & { readonly rest: (() => Promise<void>) | undefined },
): Promise<ScannedBatch | undefined> {
  const scanner = new BatchScanner(bytes, place);
  if (rest === undefined) scanner.scan();
  while (!scanner.isDone) {
    scanner.scan(PART_BYTES);
    await rest!();
  }
  return scanner.found;
}

/** How much is parsed between two rests: one to two milliseconds of work. */
const PART_BYTES = 512 * 1024;

/**
 * The sightings of a batch, joined part by part: order and repetition of joins do not
 * matter.
 *
 * @throws {BatchSyntaxError} when it is unreadable.
 */
async function readInParts(bytes: Uint8Array, options: ReadOptions): Promise<SightingSet> {
  const set = new SightingSet();
  await addInParts(set, bytes, options);
  return set;
}

interface ReadOptions {
  /** The name of the file, for errors. */
  readonly key: ArchiveKey;
  readonly rest: (() => Promise<void>) | undefined;
}

/**
 * Joins the sightings of `bytes` to `set`, part by part. The set keeps the bytes: they must not change.
 *
 * @param options.rest Called between parts: lets others run. By default there is one part.
 * @throws {BatchSyntaxError} when it is unreadable, with `options.key`.
 */
export async function addInParts(
  set: SightingSet,
  bytes: Uint8Array,
  { key, rest }: ReadOptions,
): Promise<void> {
  let linesBefore = 0;
  for (const part of partsOf(bytes, rest)) {
    await rest?.();
    try {
      set.add(part, { key, isOwned: true });
    } catch (error) {
      if (linesBefore === 0 || !(error instanceof BatchSyntaxError)) throw error;
      const { line, reason } = error;
      throw new BatchSyntaxError(linesBefore + line, reason, { key, cause: error });
    }
    if (part.length < bytes.length) linesBefore += countLines(part);
  }
}

/**
 * Whether `set` knows all that a batch knows, found out a few milliseconds of work at a time: that of
 * each part, as what a set knows is the join of its parts.
 *
 * @param rest Called between two such steps: lets other tasks run. By default not called.
 */
export async function includesBatch(
  set: SightingSet,
  batch: Pick<LoadedBatch, "key" | "bytes" | "scanned" | "sightings">,
  rest?: () => Promise<void>,
): Promise<boolean> {
  await rest?.();
  if (batch.scanned === undefined) return set.includes(batch.sightings);
  for (const part of partsOf(batch.bytes, rest)) {
    await rest?.();
    if (!set.includes(readBatch(part, { key: batch.key, isOwned: true }))) return false;
  }
  return true;
}

/** Whole lines, about 512 KiB at a time; all of them if no rest is taken in between. */
function* partsOf(
  bytes: Uint8Array,
  rest: (() => Promise<void>) | undefined,
): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length;) {
    const isLast = rest === undefined || bytes.length - from <= PART_BYTES;
    const feed = isLast ? -1 : bytes.indexOf(LINE_FEED, from + PART_BYTES);
    const to = feed < 0 ? bytes.length : feed + 1;
    yield bytes.subarray(from, to);
    from = to;
  }
}
