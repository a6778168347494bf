import {
  type ArchiveKey,
  type ArchiveKeyParts,
  batchKey,
  minutePrefix,
  parseArchiveKey,
} from "../../core/archive/archive_key.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { loadCoverage } from "../coverage/load_coverage.ts";
import { joinBatch } from "../read/files/load_batch.ts";
import { loadRedaction } from "../read/files/load_redactions.ts";
import { readEntry } from "../read/files/read_entry.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { hiddenBy } from "../read/files/minute_listing.ts";
import { ChannelReader } from "./channel_reader.ts";
import type { Finding } from "./finding.ts";
import { type BatchVerdict, verifyBatch } from "./verify_batch.ts";

/** What was checked. */
export interface VerifyTotals {
  /** Files whose name is a key. */
  readonly files: number;
  /** Messages in the batches that could be read. */
  readonly messages: number;
}

/** What {@link verifyArchive} works on. */
export interface VerifyOptions extends AbortOptions {
  /** The archive. It is only read. */
  readonly store: BatchStore;
  /** Checks bytes against names. */
  readonly hasher: Hasher;
  /** Checks only paths that start with this, such as `forsen/`. @default all */
  readonly prefix?: string | undefined;
  /** Called after each file with the totals so far. */
  readonly onProgress?: (totals: VerifyTotals, key: ArchiveKey) => void;
}

/**
 * Yields the findings in an archive, file by file and minute by minute, strays last; returns
 * the totals. A few minutes at a time are in memory.
 *
 * A hidden file is only named. Files that come or go meanwhile may be checked or not; a
 * minute in which one goes is not called unsettled. Equal ids are searched within a minute.
 *
 * @throws {ChatloomError} when the store fails as a whole: then no fault is reported.
 */
export async function* verifyArchive(
  options: VerifyOptions,
): AsyncGenerator<Finding, VerifyTotals> {
  const { store, prefix = "", signal } = options;
  const totals = yield* verifyFiles(options);
  yield* findStrays(store, prefix, { signal });
  return totals;
}

/**
 * As {@link verifyArchive}, without strays.
 *
 * @throws {ChatloomError} as {@link verifyArchive} does.
 */
export async function* verifyFiles(
  options: VerifyOptions,
): AsyncGenerator<Finding, VerifyTotals> {
  const { prefix = "", signal, onProgress } = options;
  let files = 0;
  let messages = 0;
  let reader: ChannelReader | undefined;
  const unread = new Map<string, Finding>();
  const store = tolerantStore(options.store, ({ path, reason }) => {
    unread.set(path, { kind: "unreadable", path, reason });
  });
  for await (const group of groups(store.list(prefix, { signal }))) {
    const { channel } = group[0]!.parts;
    if (reader?.channel !== channel) reader = await ChannelReader.open(channel, options);
    const findings: Finding[] = [];
    const shown = visible(group, findings);
    const proven = await provenMinute(shown, reader);
    for (const { key, parts } of shown) {
      const verdict = proven ?? await verifyFile(key, parts, { ...options, reader });
      findings.push(...verdict.findings);
      files++;
      messages += verdict.messageCount;
      onProgress?.({ files, messages }, key);
    }
    const { parts } = group[0]!;
    const isOfMinute = parts.kind === "batch" || parts.kind === "tombstone";
    if (isOfMinute && proven === undefined) {
      findings.push(...await verifyMinute(parts.minuteUs, findings, { ...options, reader }));
    }
    yield* findings;
  }
  yield* unread.values();
  return { files, messages };
}

/**
 * What is in the tree under `prefix` and is no file of the archive, or is where an old version put it.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* findStrays(
  store: BatchStore,
  prefix: string,
  { signal }: AbortOptions,
): AsyncGenerator<Finding, void> {
  for await (const { path, reason, kind = "stray" } of store.strays(prefix, { signal })) {
    yield { kind, path, reason };
  }
}

/**
 * The verdict on a minute whose only file is, as a scan without parsing shows, what settling
 * makes of it; `undefined` if only parsing can tell.
 */
async function provenMinute(
  shown: readonly KeyWithParts[],
  reader: ChannelReader,
): Promise<BatchVerdict | undefined> {
  const [only, ...others] = shown;
  if (only?.parts.kind !== "batch" || others.length > 0) return undefined;
  const { minuteUs } = only.parts;
  const closure = await reader.closureOf(minuteUs);
  const [file, ...more] = closure?.minutes.get(minuteUs)?.loaded ?? [];
  if (file?.whole?.scanned === undefined || more.length > 0 || file.key !== only.key) {
    return undefined;
  }
  const { bytes, scanned } = file.whole;
  // The same bytes as the file's, if they are the normal form.
  if (closure!.normal.get(minuteUs) !== bytes || scanned.mayRepeatId()) return undefined;
  return { findings: [], messageCount: scanned.lineCount };
}

interface KeyWithParts {
  readonly key: ArchiveKey;
  readonly parts: ArchiveKeyParts;
}

type ReadingOptions = VerifyOptions & { readonly reader: ChannelReader };

/** Keys come in order, so those of one minute come together: only these are in memory. */
async function* groups(keys: AsyncIterable<ArchiveKey>): AsyncIterable<KeyWithParts[]> {
  let group: KeyWithParts[] = [];
  let groupName = "";
  for await (const key of keys) {
    const parts = parseArchiveKey(key);
    if (parts === undefined) continue; // Stores yield keys only; what is none is a stray.
    const isAlone = parts.kind === "redaction" || parts.kind === "coverage";
    const name = isAlone ? key : minutePrefix(parts.channel, parts.minuteUs);
    if (name !== groupName && group.length > 0) {
      yield group;
      group = [];
    }
    groupName = name;
    group.push({ key, parts });
  }
  if (group.length > 0) yield group;
}

/** The files that no tombstone hides; tombstones are added to `findings`. */
function visible(keys: readonly KeyWithParts[], findings: Finding[]): KeyWithParts[] {
  const all = new Set(keys.map(({ key }) => key));
  const hidden = new Set<ArchiveKey>();
  for (const { key, parts } of keys) {
    if (parts.kind !== "tombstone") continue;
    hidden.add(hiddenBy(key));
    const isThere = all.has(hiddenBy(key));
    const reason = isThere ? "it hides a batch" : "the batch that it would hide is not there";
    findings.push({ kind: "hidden", path: key, reason });
  }
  return keys.filter(({ key }) => !hidden.has(key));
}

const NOTHING: BatchVerdict = { findings: [], messageCount: 0 };

async function verifyFile(
  key: ArchiveKey,
  parts: ArchiveKeyParts,
  options: ReadingOptions,
): Promise<BatchVerdict> {
  if (parts.kind === "tombstone") return await verifyTombstone(key, options);
  if (parts.kind === "redaction") return await verifyRedaction(key, options);
  if (parts.kind === "coverage") return await verifyCoverage(key, options);
  const { store, hasher, reader, signal } = options;
  const batch = await reader.files.load(key, { signal });
  if (batch === undefined) return NOTHING; // Gone since it was listed.
  if (batch.ok) {
    const { findings, messageCount } = verifyBatch(key, parts, batch.bytes);
    if (batch.redactedCount === 0) return { findings, messageCount };
    const reason = `it holds ${batch.redactedCount} redacted sightings`;
    return { findings: [...findings, { kind: "redacted", path: key, reason }], messageCount };
  }
  if (batch.fault.kind !== "misplaced") {
    return { findings: [{ path: key, ...batch.fault }], messageCount: 0 };
  }
  const entry = await readEntry(key, { store, hasher, signal });
  const { findings, messageCount } = entry?.ok ? verifyBatch(key, parts, entry.bytes) : NOTHING;
  const isTold = findings.some(({ kind }) => kind === "misplaced");
  const fault = { path: key, ...batch.fault };
  return { findings: isTold ? findings : [...findings, fault], messageCount };
}

/** A tombstone has the digest of the batch it hides and may hold anything, but it must be readable. */
async function verifyTombstone(
  key: ArchiveKey,
  { store, hasher, signal }: ReadingOptions,
): Promise<BatchVerdict> {
  const entry = await readEntry(key, { store, hasher, signal });
  if (entry === undefined || entry.ok) return NOTHING;
  return { findings: [{ path: key, ...entry.fault }], messageCount: 0 };
}

async function verifyRedaction(
  key: ArchiveKey,
  { store, hasher, signal }: ReadingOptions,
): Promise<BatchVerdict> {
  const loaded = await loadRedaction(key, { store, hasher, signal });
  if (loaded === undefined || loaded.ok) return NOTHING;
  const finding: Finding = { kind: loaded.fault, path: key, reason: loaded.reason };
  return { findings: [finding], messageCount: 0 };
}

async function verifyCoverage(
  key: ArchiveKey,
  { store, hasher, signal }: ReadingOptions,
): Promise<BatchVerdict> {
  const loaded = await loadCoverage(key, { store, hasher, signal });
  if (loaded === undefined || loaded.ok) return NOTHING;
  const finding: Finding = { kind: loaded.fault, path: key, reason: loaded.reason };
  return { findings: [finding], messageCount: 0 };
}

/** The findings on a minute as a whole. */
async function verifyMinute(
  minuteUs: Micros,
  before: readonly Finding[],
  { hasher, reader }: ReadingOptions,
): Promise<Finding[]> {
  const path = minutePrefix(reader.channel, minuteUs);
  const closure = await reader.closureOf(minuteUs);
  const loaded = closure?.minutes.get(minuteUs)?.loaded ?? [];
  if (closure === undefined || loaded.length === 0) return []; // It is being settled, or empty.
  const all = new SightingSet();
  for (const { whole } of loaded) {
    if (whole !== undefined) await joinBatch(all, whole);
  }
  const findings: Finding[] = [...all.repeatedIds()].map(([id, count]) => {
    const reason = `${count} different messages have the id ${JSON.stringify(id)}`;
    return { kind: "repeated-id", path, reason };
  });
  // The fault of a file says more than that the minute is unsettled because of it.
  if (before.some(({ kind }) => kind !== "hidden")) return findings;
  const reason = await unsettledReason(
    { bytes: closure.normal.get(minuteUs), keys: loaded.map(({ key }) => key) },
    (bytes) => hasher.digest(bytes),
    { channel: reader.channel, timeUs: minuteUs },
  );
  if (reason !== undefined) findings.push({ kind: "unsettled", path, reason });
  return findings;
}

async function unsettledReason(
  { bytes, keys }: { readonly bytes: Uint8Array | undefined; readonly keys: readonly ArchiveKey[] },
  digestOf: Hasher["digest"],
  { channel, timeUs }: { readonly channel: string; readonly timeUs: Micros },
): Promise<string | undefined> {
  if (keys.length > 1) return `${keys.length} files in place of one`;
  if (bytes === undefined) return "its messages belong to the minutes beside it";
  const key = batchKey(channel, { timeUs, digest: await digestOf(bytes) });
  return key === keys[0] ? undefined : "merged with the minutes beside it, it would be different";
}
