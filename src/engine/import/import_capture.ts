import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { sentUs } from "../../core/batch/content.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { toDigestText } from "../../core/archive/digest_text.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { JOURNAL_MAGIC } from "../journal/entry.ts";
import { splitAtLf } from "../journal/read_journal.ts";
import { parseCaptureLine } from "./capture_line.ts";
import { CaptureText, type TextLine } from "./capture_text.ts";
import { BatchPuts, type StoredAtOnce } from "../record/batch_puts.ts";
import { ImportedJournal } from "./imported_journal.ts";
import { ImportedLines } from "./imported_lines.ts";
import type { RecordedBatch } from "../record/recording.ts";

/** A capture that can be read from its start as often as is needed. */
export interface Capture {
  /** Its name, as for a file. */
  readonly name: string;
  /** Yields its bytes, decompressed. */
  open(): AsyncIterable<Uint8Array>;
  /** Whether the last read was cut short: then its last line is a fragment. */
  isTorn?(): boolean;
}

/** What {@link importCapture} works with. */
export interface ImportOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names the batches, and the receiver. */
  readonly hasher: Hasher;
  /** Counts what is not archived, under its reason. */
  readonly reporter: Reporter;
  /** Aborts the import; stored batches stay, and importing again does the rest. */
  readonly signal?: AbortSignal | undefined;
  /** What is stored at a time. @default 16 batches, 8 MiB */
  readonly storedAtOnce?: StoredAtOnce | undefined;
  /** Called now and then with the number of lines done. */
  readonly onProgress?: (lines: number) => void;
  /** Called for each batch that is safely stored. */
  readonly onStored?: (key: ArchiveKey) => void;
}

/** The result of an import: each line is in a message, a repeat, or counted as ignored. */
export interface Imported {
  /** Lines that were read, without empty ones. */
  readonly lines: number;
  /** Messages that were archived. */
  readonly messages: number;
  /** Lines that repeat another. */
  readonly repeats: number;
  /** Batches that hold the messages. */
  readonly batches: number;
  /** Characters that stand for bytes that are not UTF-8. */
  readonly replaced: number;
}

/** Turns lines into batches. */
export interface Importer {
  /** How many lines were taken. */
  readonly lineCount: number;
  /** Takes the next lines. */
  take(lines: readonly TextLine[]): void;
  /** Ends the input. */
  end(): void;
  /** Batches that nothing can join any more; after {@link Importer.end} all. */
  closed(): RecordedBatch[];
}

/**
 * Records a capture: raw lines of IRC, one a line, each with or without its received time in front,
 * or a journal. Runs the very code that records live, so the same batches come out.
 *
 * The receiver's name is made from the capture's bytes: importing it again changes nothing.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when nothing in it tells a time; what the store throws.
 */
export async function importCapture(capture: Capture, options: ImportOptions): Promise<Imported> {
  const { reporter, signal, onProgress, onStored } = options;
  const { run, isJournal } = await surveyCapture(capture, options);
  const importer = isJournal
    ? new ImportedJournal({ run, reporter })
    : new ImportedLines({ run, reporter });
  const done = { messages: 0, repeats: 0, batches: 0 };
  const puts = new BatchPuts({
    ...options,
    onStored({ key, messageCount, lineCount }) {
      done.messages += lineCount;
      done.repeats += messageCount - lineCount;
      done.batches++;
      onStored?.(key);
    },
  });
  const store = async () => {
    for (const batch of importer.closed()) {
      signal?.throwIfAborted();
      await puts.put(batch);
    }
  };
  const text = new CaptureText();
  try {
    for await (const some of isJournal ? journalLines(capture) : captureLines(capture, text)) {
      signal?.throwIfAborted();
      importer.take(some);
      onProgress?.(importer.lineCount);
      await store();
    }
    importer.end();
    await store();
    await puts.stored();
  } finally {
    await puts.settled(); // Where it failed: what was begun is stored, or not, by then.
  }
  const { longCount, tornCount, replacedCount: replaced } = text;
  if (longCount > 0) reporter.count("lines_ignored", { reason: "line too long" }, longCount);
  if (tornCount > 0) reporter.count("lines_ignored", { reason: "piece of a line" }, tornCount);
  return { ...done, lines: importer.lineCount + longCount + tornCount, replaced };
}

/** The facts about a capture that are known before it is read line by line. */
interface Survey {
  /** Its receivers are `<run>.<n>`. */
  readonly run: string;
  /** It is a journal, with entries instead of lines. */
  readonly isJournal: boolean;
}

async function surveyCapture(
  capture: Capture,
  { hasher, signal }: ImportOptions,
): Promise<Survey> {
  const hash = await hasher.stream();
  const text = new CaptureText();
  let begin = "";
  let tellsTime = false;
  const look = (lines: readonly TextLine[]) => {
    tellsTime = lines.some(({ text, isPiece }) => !isPiece && tellsATime(text));
  };
  for await (const bytes of capture.open()) {
    signal?.throwIfAborted();
    hash.update(bytes);
    if (begin.length < JOURNAL_MAGIC.length) begin += LATIN1.decode(bytes.subarray(0, 64));
    if (!tellsTime) look(text.push(bytes));
  }
  if (!tellsTime) look(text.end({ isTorn: capture.isTorn?.() ?? false }));
  const letters = toDigestText(hash.digest()).replace(/[-_]/g, "").slice(0, 5);
  const run = `import.${letters}`;
  if (begin.startsWith(JOURNAL_MAGIC)) return { run, isJournal: true };
  if (tellsTime) return { run, isJournal: false };
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot import "${capture.name}": it holds no recording of chat, as no line tells a time`,
  );
}

const LATIN1 = new TextDecoder("latin1");

function tellsATime(text: string): boolean {
  const { receivedUs, parsed } = parseCaptureLine(text);
  return (receivedUs ?? (parsed.ok ? sentUs(parsed.message.tags) : undefined)) !== undefined;
}

async function* captureLines(
  capture: Capture,
  text: CaptureText,
): AsyncGenerator<TextLine[], void, undefined> {
  for await (const bytes of capture.open()) yield text.push(bytes);
  yield text.end({ isTorn: capture.isTorn?.() ?? false });
}

async function* journalLines(capture: Capture): AsyncGenerator<TextLine[], void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let some: TextLine[] = [];
  for await (const { bytes, isTorn } of splitAtLf(capture.open())) {
    some.push({ text: decoder.decode(bytes), isPiece: isTorn });
    if (some.length < JOURNAL_LINES_AT_ONCE) continue;
    yield some;
    some = [];
  }
  yield some;
}

const JOURNAL_LINES_AT_ONCE = 1_000;
