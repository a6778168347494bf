import type { ArchiveKey } from "../../core/archive_key.ts";
import { sentUs } from "../../core/content.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import { BatchSyntaxError, ChatloomError } from "../../core/errors.ts";
import { parseIrcLine } from "../../core/irc/irc_line.ts";
import type { Moment } from "../../core/server_time.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { JOURNAL_MAGIC, parseEntry } from "../journal/entry.ts";
import { splitAtLf } from "../journal/read_journal.ts";
import { replayEntry } from "../journal/recover_journals.ts";
import { countWritten, encodeRecordedBatch } from "./encode_recorded.ts";
import { parseCaptureLine } from "./capture_line.ts";
import { type RecordedBatch, Recording } from "./recording.ts";

/** A capture that can be read from its start as often as is needed. */
export interface Capture {
  /** What people call it: a file name. */
  readonly name: string;
  /** Yields its bytes, decompressed. */
  open(): AsyncIterable<Uint8Array>;
}

/** What importing works with. */
export interface ImportOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names the batches, and the receiver. */
  readonly hasher: Hasher;
  /** Counts what is not archived, under its reason. */
  readonly reporter: Reporter;
  /** Gives up; what was stored stays, and importing again does the rest. */
  readonly signal?: AbortSignal;
  /** Told now and then how many lines are done. */
  readonly onProgress?: (lines: number) => void;
  /** Told of each batch that is safely stored. */
  readonly onStored?: (key: ArchiveKey) => void;
}

/** What came of an import. */
export interface Imported {
  /** Lines that were read. */
  readonly lines: number;
  /** Messages that were archived. */
  readonly messages: number;
  /** Batches that they are in. */
  readonly batches: number;
}

const PROGRESS_EVERY = 1_000;

/**
 * Records a capture: raw lines of IRC, one a line, each with or without its received time in front,
 * or a journal. Runs the very code that records live, so the same batches come out.
 *
 * The receiver's name is made from the capture's bytes: importing it again changes nothing.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when nothing in it tells a time; what the store throws.
 */
export async function importCapture(capture: Capture, options: ImportOptions): Promise<Imported> {
  const survey = await surveyCapture(capture, options);
  const run = new ImportRun(survey, options);
  for await (const text of linesOf(capture, options.signal)) {
    run.take(text);
    if (run.lines % PROGRESS_EVERY === 0) {
      options.onProgress?.(run.lines);
      await run.storeClosable();
    }
  }
  await run.storeAll();
  options.onProgress?.(run.lines);
  return { lines: run.lines, messages: run.messages, batches: run.batches };
}

/** What is known of a capture before it is read line by line. */
interface Survey {
  /** Its receivers are `<run>.<n>`. */
  readonly run: string;
  /** It is a journal, with entries instead of lines. */
  readonly isJournal: boolean;
  /** Its lines have received times. */
  readonly isTimed: boolean;
  /** The first time in it, received or sent. */
  readonly firstUs: Micros;
}

async function surveyCapture(
  capture: Capture,
  { hasher, signal }: ImportOptions,
): Promise<Survey> {
  const hash = await hasher.stream();
  for await (const piece of capture.open()) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  const letters = toDigestText(hash.digest()).replace(/[-_]/g, "").slice(0, 5);
  const run = `import.${letters}`;
  let isFirst = true;
  for await (const text of linesOf(capture, signal)) {
    if (isFirst && text.startsWith(JOURNAL_MAGIC)) {
      return { run, isJournal: true, isTimed: true, firstUs: 0 };
    }
    isFirst = false;
    const { line, receivedUs } = parseCaptureLine(text);
    if (receivedUs !== undefined) {
      return { run, isJournal: false, isTimed: true, firstUs: receivedUs };
    }
    const parsed = parseIrcLine(line);
    const firstUs = parsed.ok ? sentUs(parsed.message.tags) : undefined;
    if (firstUs !== undefined) return { run, isJournal: false, isTimed: false, firstUs };
  }
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot import "${capture.name}": no line tells a time, neither in front nor as tmi-sent-ts`,
  );
}

async function* linesOf(
  capture: Capture,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const { bytes } of splitAtLf(capture.open())) {
    signal?.throwIfAborted();
    yield decoder.decode(bytes);
  }
}

/** One pass over a capture. */
class ImportRun {
  lines = 0;
  messages = 0;
  batches = 0;
  readonly #survey: Survey;
  readonly #options: ImportOptions;
  #recording: Recording;
  #closed: RecordedBatch[] = [];
  #n = 0;
  #last: Moment;

  constructor(survey: Survey, options: ImportOptions) {
    this.#survey = survey;
    this.#options = options;
    this.#recording = this.#newRecording(survey.run);
    this.#last = { receivedUs: survey.firstUs, elapsedUs: 0 };
  }

  #newRecording(run: string): Recording {
    const { isJournal, isTimed } = this.#survey;
    return new Recording({
      run,
      reporter: this.#options.reporter,
      isMidway: !isJournal,
      isUntimed: !isTimed,
    });
  }

  take(text: string): void {
    if (this.#survey.isJournal) return this.#takeEntry(text);
    if (text === "" || text === "\r") return;
    this.lines++;
    const captured = parseCaptureLine(text);
    const parsed = parseIrcLine(captured.line);
    const timeUs = captured.receivedUs ??
      (parsed.ok ? sentUs(parsed.message.tags) : undefined) ?? this.#last.receivedUs;
    const moment = this.#momentOf(timeUs);
    this.#recording.line(this.#n, moment, captured.line, parsed);
  }

  #takeEntry(text: string): void {
    const entry = parseEntry(text);
    if (entry === undefined) {
      this.#options.reporter.count("lines_ignored", { reason: "no journal entry" });
      return;
    }
    if (entry.kind === "checkpoint") {
      // A journal may be a row of segments: only the first is news.
      if (this.lines > 0) return;
      this.#recording = this.#newRecording(entry.checkpoint.run);
      return this.#recording.restore(entry.checkpoint);
    }
    if (entry.kind === "line" || entry.kind === "kept") this.lines++;
    try {
      const batch = replayEntry(this.#recording, entry);
      if (batch !== undefined) this.#closed.push(batch);
    } catch (error) {
      if (!(error instanceof BatchSyntaxError)) throw error;
      this.#options.reporter.count("lines_ignored", { reason: "no journal entry" });
    }
  }

  /** Moments only grow. A capture that jumps back by an hour is another one put behind the first. */
  #momentOf(timeUs: Micros): Moment {
    const before = this.#last;
    if (timeUs < before.receivedUs - HOUR_US) this.#n++;
    const isFresh = timeUs > before.receivedUs || timeUs < before.receivedUs - HOUR_US;
    const receivedUs = isFresh ? timeUs : before.receivedUs + 1;
    const elapsedUs = before.elapsedUs + Math.max(0, receivedUs - before.receivedUs);
    this.#last = { receivedUs, elapsedUs };
    return this.#last;
  }

  async storeClosable(): Promise<void> {
    if (!this.#survey.isJournal) {
      for (const { channel, minuteUs } of this.#recording.closable(this.#last)) {
        const batch = this.#recording.closeBatch(channel, minuteUs);
        if (batch !== undefined) this.#closed.push(batch);
      }
    }
    const closed = this.#closed;
    this.#closed = [];
    for (const batch of closed) await this.#store(batch);
  }

  async storeAll(): Promise<void> {
    for (const { channel, minuteUs } of this.#recording.openBatches()) {
      const batch = this.#recording.closeBatch(channel, minuteUs);
      if (batch !== undefined) this.#closed.push(batch);
    }
    await this.storeClosable();
  }

  async #store(batch: RecordedBatch): Promise<void> {
    const { store, hasher, reporter, onStored, signal } = this.#options;
    signal?.throwIfAborted();
    const { key, bytes } = await encodeRecordedBatch(batch, hasher);
    await store.put(key, bytes);
    this.messages += batch.heard.messageCount;
    this.batches++;
    countWritten(batch, { bytes: bytes.length, reporter });
    onStored?.(key);
  }
}
