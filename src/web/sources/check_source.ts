import { countLines } from "../../core/bytes.ts";
import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { isDigestText, toDigestText } from "../../core/archive/digest_text.ts";
import { BatchSyntaxError, ChatloomError } from "../../core/errors/errors.ts";
import { readBatch } from "../../core/merge/read_batch.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { FoundFile } from "../../adapters/browser/found_file.ts";
import { keyOfLoose, placeOf } from "./place.ts";
import type { CheckProgress } from "./report.ts";
import type { Source } from "./source.ts";

/** What a check works with. */
export interface CheckOptions {
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CheckProgress) => void;
}

const PROGRESS_EVERY_MS = 100;
// Reading waits for the browser, checking does not: this many files are on their way at once.
const AHEAD = 6;

/** Checks `files` one by one; valid ones go into the source's store, the others are noted. */
export async function checkFiles(
  source: Source,
  files: Iterable<FoundFile> | AsyncIterable<FoundFile>,
  { hasher, signal, onProgress }: CheckOptions,
): Promise<void> {
  let [count, bytes, toldMs] = [0, 0, 0];
  const reading: Promise<Reading>[] = [];
  const checkFirst = async (): Promise<void> => {
    const { file, outcome } = (await reading.shift())!;
    signal.throwIfAborted();
    count++;
    bytes += await checkOutcome(source, { file, outcome, hasher });
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = performance.now();
    onProgress({ files: count, bytes, path: file.path });
  };
  for await (const file of files) {
    if (placeOf(file.path).kind === "stray") {
      noteStray(source, file.path);
      continue;
    }
    reading.push(begin(file));
    if (reading.length > AHEAD) await checkFirst();
  }
  while (reading.length > 0) await checkFirst();
}

interface Reading {
  readonly file: FoundFile;
  readonly outcome: Uint8Array | ChatloomError;
}

async function begin(file: FoundFile): Promise<Reading> {
  try {
    return { file, outcome: await file.read() };
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error;
    return { file, outcome: error };
  }
}

// Files that operating systems leave in folders are no strays, nor are notes of settling.
const LITTER =
  /(?:^|\/)(?:\.chatloom\/notes\/.*|\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|\._[^/]*)$/;

/** What packing makes of an hour: its messages are missing here. */
const PACKED_HOUR = /(?:^|\/)\d{4}-\d\d-\d\dT\d\d\.tar\.zst$/;

function noteStray(source: Source, path: string): void {
  if (LITTER.test(path)) return;
  if (PACKED_HOUR.test(path)) {
    const reason = "this hour is packed: chatloom unpack gives its files back, or chatloom serve " +
      "shows the archive as it is";
    source.note({ kind: "unreadable", path, reason });
    return;
  }
  const place = placeOf(path);
  source.note({ kind: "stray", path, reason: place.kind === "stray" ? place.reason : "" });
}

/** Returns how many bytes it read. */
async function checkOutcome(
  source: Source,
  { file, outcome, hasher }: Reading & { readonly hasher: Hasher },
): Promise<number> {
  const { path } = file;
  if (outcome instanceof ChatloomError) {
    source.note({ kind: "unreadable", path, reason: outcome.message });
    return 0;
  }
  const place = placeOf(path);
  if (place.kind === "stray") return 0;
  const bytes = outcome;
  const found = toDigestText(await hasher.digest(bytes));
  const isTombstone = path.endsWith(".tombstone");
  if (!isTombstone && digestIn(path) !== found) {
    const reason = `its ${bytes.length} bytes have the hash ${found}`;
    source.note({ kind: "damaged", path, reason });
    return bytes.length;
  }
  try {
    const key = place.kind === "key" ? place.key : keyOfLoose(place, bytes);
    if (key === undefined) {
      const reason = "neither its folders nor its messages tell channel and hour";
      source.note({ kind: "stray", path, reason });
      return bytes.length;
    }
    const messages = countMessages(key, bytes);
    const isNew = !source.store.has(key);
    source.store.adopt(key, file);
    if (isNew) source.count(key, { bytes: bytes.length, messages });
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    const { line, reason } = error;
    source.note({ kind: "unreadable", path, line, reason });
  }
  return bytes.length;
}

function digestIn(path: string): string | undefined {
  const name = path.slice(0, path.lastIndexOf("."));
  const digest = name.slice(-43);
  return isDigestText(digest) ? digest : undefined;
}

/** Reads a batch for faults, and counts its lines. */
function countMessages(key: ArchiveKey, bytes: Uint8Array): number {
  if (parseArchiveKey(key)?.kind !== "batch") return 0;
  readBatch(bytes, { key });
  return countLines(bytes);
}
