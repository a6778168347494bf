import {
  type ArchiveKey,
  type ArchiveKeyParts,
  minutePrefix,
  parseArchiveKey,
} from "../core/archive_key.ts";
import { decodeBatch, encodeBatch } from "../core/batch.ts";
import { toDigestText } from "../core/digest_text.ts";
import { BatchSyntaxError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import { fromSeconds, minuteOf } from "../core/time.ts";
import type { AbortOptions, BatchStore } from "../ports/batch_store.ts";
import type { Hasher } from "../ports/hasher.ts";

/**
 * What can be wrong with a file of an archive.
 *
 * - `damaged`: its bytes do not match its name
 * - `unreadable`: a line is no message
 * - `not-canonical`: its messages are well, but would be written otherwise
 * - `unsorted`: its lines are well, but not in order
 * - `misplaced`: a message belongs to another channel or minute
 * - `stray`: something that does not belong in an archive at all
 */
export type FindingKind =
  | "damaged"
  | "unreadable"
  | "not-canonical"
  | "unsorted"
  | "misplaced"
  | "stray";

/** One thing that is wrong. */
export interface Finding {
  /** Of which kind. */
  readonly kind: FindingKind;
  /** Where: relative to the archive, with `/`. */
  readonly path: string;
  /** In which line of the file, counted from 1; the first one where several are at fault. */
  readonly line?: number;
  /** What exactly, for people. */
  readonly reason: string;
}

/** What was looked at. */
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
  /** Checks names against bytes. */
  readonly hasher: Hasher;
  /** Looks only at what starts with this, such as `forsen/`; at everything unless told. */
  readonly prefix?: string;
  /** Is told after each file what was looked at by then. */
  readonly onProgress?: (totals: VerifyTotals, key: ArchiveKey) => void;
}

/**
 * Yields what is wrong in an archive, file by file, strays last; ends with what it looked at.
 *
 * Looks at bytes and names only, so an archive that is not settled is fine. What a tombstone hides is
 * not looked at. Files that come or go meanwhile may be in it or not.
 *
 * @throws {ChatloomError} when the store fails: what cannot be read at all is not called wrong.
 */
export async function* verifyArchive(
  options: VerifyOptions,
): AsyncGenerator<Finding, VerifyTotals> {
  const { store, prefix = "", signal, onProgress } = options;
  let files = 0;
  let messages = 0;
  for await (const keys of minutes(store.list(prefix, abortable(signal)))) {
    for (const { key, parts } of visible(keys)) {
      const { findings, messageCount } = await verifyFile(key, parts, options);
      files++;
      messages += messageCount;
      yield* findings;
      onProgress?.({ files, messages }, key);
    }
  }
  for await (const { path, reason } of store.strays(prefix, abortable(signal))) {
    yield { kind: "stray", path, reason };
  }
  return { files, messages };
}

interface KeyWithParts {
  readonly key: ArchiveKey;
  readonly parts: ArchiveKeyParts;
}

function abortable(signal: AbortSignal | undefined): AbortOptions {
  return signal === undefined ? {} : { signal };
}

/** Keys come in order, so those of one minute come together: only so many are in memory. */
async function* minutes(keys: AsyncIterable<ArchiveKey>): AsyncIterable<KeyWithParts[]> {
  let group: KeyWithParts[] = [];
  let groupName = "";
  for await (const key of keys) {
    const parts = parseArchiveKey(key);
    if (parts === undefined) continue; // Stores yield keys only; what is none is a stray.
    const name = parts.kind === "redaction" ? key : minutePrefix(parts.channel, parts.minuteUs);
    if (name !== groupName && group.length > 0) {
      yield group;
      group = [];
    }
    groupName = name;
    group.push({ key, parts });
  }
  if (group.length > 0) yield group;
}

function visible(keys: readonly KeyWithParts[]): KeyWithParts[] {
  const hidden = new Set(
    keys.filter(({ parts }) => parts.kind === "tombstone")
      .map(({ key }) => key.replace(/\.tombstone$/, ".json")),
  );
  return keys.filter(({ key }) => !hidden.has(key));
}

interface FileVerdict {
  readonly findings: readonly Finding[];
  readonly messageCount: number;
}

async function verifyFile(
  key: ArchiveKey,
  parts: ArchiveKeyParts,
  { store, hasher, signal }: VerifyOptions,
): Promise<FileVerdict> {
  // A tombstone bears the digest of what it hides and may hold anything.
  if (parts.kind === "tombstone") return { findings: [], messageCount: 0 };
  const bytes = await store.get(key, abortable(signal));
  if (bytes === undefined) return { findings: [], messageCount: 0 }; // Gone since it was listed.
  const found = toDigestText(await hasher.digest(bytes));
  if (found !== toDigestText(parts.digest)) {
    const reason = `its ${bytes.length} bytes have the hash ${found}`;
    return { findings: [{ kind: "damaged", path: key, reason }], messageCount: 0 };
  }
  return parts.kind === "batch"
    ? verifyBatch(key, parts, bytes)
    : { findings: [], messageCount: 0 };
}

function verifyBatch(
  path: ArchiveKey,
  { channel, minuteUs }: { readonly channel: string; readonly minuteUs: number },
  bytes: Uint8Array,
): FileVerdict {
  let messages;
  try {
    messages = decodeBatch(bytes);
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    const { line, reason } = error;
    return { findings: [{ kind: "unreadable", path, line, reason }], messageCount: 0 };
  }
  const findings: Finding[] = [];
  const form = findFormFault(messages, bytes);
  if (form !== undefined) findings.push({ path, ...form });
  const misplaced = messages.findIndex((message) => !isAtHome(message, channel, minuteUs));
  if (misplaced !== -1) {
    const { params, time } = messages[misplaced]!;
    const found = `"${params[0] ?? ""}" at ${new Date(time * 1000).toISOString()}`;
    const reason = `it is a message of ${found}`;
    findings.push({ kind: "misplaced", path, line: misplaced + 1, reason });
  }
  return { findings, messageCount: messages.length };
}

function isAtHome(message: Message, channel: string, minuteUs: number): boolean {
  return message.params[0] === `#${channel}` && minuteOf(fromSeconds(message.time)) === minuteUs;
}

function findFormFault(
  messages: readonly Message[],
  bytes: Uint8Array,
): Pick<Finding, "kind" | "line" | "reason"> | undefined {
  if (messages.length === 0) {
    return { kind: "not-canonical", reason: "it holds no message, so it should not be there" };
  }
  const canonical = encodeBatch(messages);
  if (isEqual(canonical, bytes)) return undefined;
  // Written one by one, lines stay where they are, so a difference is in the form of a line.
  const lineStarts = splitLines(bytes);
  const wrong = messages.findIndex((message, i) =>
    !isEqual(encodeBatch([message]), lineStarts[i]!)
  );
  if (wrong !== -1) {
    return { kind: "not-canonical", line: wrong + 1, reason: "it would be written otherwise" };
  }
  const sorted = splitLines(canonical);
  const early = lineStarts.findIndex((line, i) => !isEqual(line, sorted[i]!));
  return { kind: "unsorted", line: early + 1, reason: "another line should stand here" };
}

/** The lines of a file with their line feeds; the last one as it is. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
