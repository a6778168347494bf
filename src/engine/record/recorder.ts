import { abortWith } from "../../async/abort.ts";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Moment } from "../../core/recording/server_time.ts";
import type { RedactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import { type Micros, MILLISECOND_US, MINUTE_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Checkpoint, JournalEntry } from "../journal/entry.ts";
import type { JournalWriter } from "../journal/journal_writer.ts";
import type { ChatListener, ReceivedLine } from "../session/lines/listener.ts";
import { ListeningTracker } from "../coverage/listening_tracker.ts";
import { writeCoverage } from "../coverage/write_coverage.ts";
import type { StoredAtOnce } from "./batch_puts.ts";
import { BatchWriter } from "./batch_writer.ts";
import { RecordedMinutes } from "./recorded_minutes.ts";
import type { ReceivedMessage } from "./received_message.ts";
import { type RecordedBatch, Recording } from "./recording.ts";
import type { UnstoredSource } from "./unstored/unstored_source.ts";

/** What a {@link Recorder} works with. */
export interface RecorderOptions {
  /** Where batches go. */
  readonly store: BatchStore;
  /** Names them. */
  readonly hasher: Hasher;
  /** Tells when lines come and when batches close. */
  readonly clock: Clock;
  /** Takes failures and counts. */
  readonly reporter: Reporter;
  /** Where every line goes first; the recorder closes it. */
  readonly journal: JournalWriter;
  /**
   * Matches messages that are not recorded, as their users opted out; asked for each frame. They are counted
   * and stand in no file, nor in the journal.
   */
  readonly unwanted?: (() => RedactionMatcher | undefined) | undefined;
  /** Called for each message of a user that begins with `!chatloom `, after it was recorded. */
  readonly onCommand?: ((message: IrcMessage) => void) | undefined;
  /** How often the journal is flushed, and open batches are checked. */
  readonly flushIntervalMs?: number;
  /** Called for each batch that is safely stored, with its receiver if only one heard it. */
  readonly onStored?: ((key: ArchiveKey, soleReceiver?: string) => void) | undefined;
  /** Called for each message that is recorded, when it is in the journal and in its batch. */
  readonly onMessage?: ((received: ReceivedMessage) => void) | undefined;
  /** Compresses batches in memory. @default no compression */
  readonly compressor?: ByteCompressor | undefined;
  /** See `BatchWriterOptions.waitingMaxBytes`. */
  readonly waitingMaxBytes?: number | undefined;
  /** See `BatchWriterOptions.storedAtOnce`. */
  readonly storedAtOnce?: StoredAtOnce | undefined;
}

/** The state of a {@link Recorder}. */
export interface RecorderState {
  /** See `Recording.serverLagUs`. */
  readonly serverLagUs: Micros | undefined;
  /** Batches that still take messages. */
  readonly openBatches: number;
  /** Closed batches that are not stored yet. */
  readonly pendingBatches: number;
  /** Bytes of the journal that are not yet flushed. */
  readonly journalBacklogBytes: number;
  /** About how much memory open and waiting batches take. */
  readonly heldBytes: number;
}

const FLUSH_INTERVAL_MS = 1_000;
const SEGMENT_MAX_BYTES = 16 * 1024 * 1024;
const SEGMENT_MAX_US = MINUTE_US;
const FIRST_SEGMENT = 1;
/** How many entries are written at a time into a new journal. */
const KEPT_AT_ONCE = 500;
/** How often coverage is stored; in between the journal has it. */
const COVERAGE_FIRST_MS = 60_000;
const COVERAGE_INTERVAL_MS = 300_000;

/**
 * Records what connections bring: journals each line, batches it by channel and minute, stores the
 * batches as they close, and deletes journal segments that are no longer needed.
 *
 * Hand it to a pool of connections as its listener, and run it beside the pool until that has ended.
 */
export class Recorder implements ChatListener {
  readonly #options: RecorderOptions;
  readonly #recording: Recording;
  readonly #writer: BatchWriter;
  readonly #unstoredMinutes: UnstoredSource;
  readonly #moments = new Map<number, Moment>();
  readonly #listening = new ListeningTracker();
  #batchId = 0;
  #segmentSinceUs: number;
  #renewing: Promise<void> | undefined;
  /** No new journal is begun before this: the last try failed. */
  #renewAtUs = -Infinity;

  /** A recorder that is ready to listen. */
  constructor(options: RecorderOptions) {
    const { journal, reporter, clock } = options;
    this.#options = options;
    this.#recording = new Recording({
      run: journal.name,
      reporter,
      compressor: options.compressor,
      onMessage: options.onMessage,
    });
    this.#recording.segment = journal.segment;
    this.#segmentSinceUs = clock.elapsedUs();
    this.#writer = new BatchWriter({
      ...options,
      onStored: ({ id, batch }, key) => {
        journal.write([{ kind: "stored", id }]);
        options.onStored?.(key, batch.buffer.soleReceiver);
      },
    });
    this.#unstoredMinutes = new RecordedMinutes(this.#recording, this.#writer, options);
    journal.begin(this.#checkpoint());
  }

  /** How many batches are open or wait to be stored, how far the journal and Twitch lag behind. */
  state(): RecorderState {
    const { clock } = this.#options;
    const now = { receivedUs: clock.wallUs(), elapsedUs: clock.elapsedUs() };
    return {
      serverLagUs: this.#recording.serverLagUs(now),
      openBatches: this.#recording.openBatches().length,
      pendingBatches: this.#writer.pendingCount,
      journalBacklogBytes: this.#options.journal.backlogBytes,
      heldBytes: this.#recording.openMinutes()
        .reduce((sum, { buffer }) => sum + buffer.heldBytes, this.#writer.waitingBytes),
    };
  }

  /** What was received and is not stored yet. */
  get unstored(): UnstoredSource {
    return this.#unstoredMinutes;
  }

  /** See {@link ChatListener}. */
  opened(receiver: string): void {
    const n = numberOf(receiver);
    const moment = this.#moment(n);
    this.#options.journal.write([{ kind: "open", n, moment }]);
    this.#recording.open(n, moment);
    this.#listening.open(n, moment.elapsedUs);
  }

  /** See {@link ChatListener}. */
  received(receiver: string, lines: readonly ReceivedLine[]): Promise<void> | void {
    const n = numberOf(receiver);
    const matches = this.#options.unwanted?.();
    const unwanted = matches === undefined ? undefined : unwantedOf(lines, matches);
    const entries = lines.map((each): JournalEntry & { kind: "line" | "piece" } => {
      const moment = this.#moment(n);
      // That it came is noted, and not what it was.
      if (unwanted?.has(each)) return { kind: "piece", n, moment, line: "" };
      // A line that is not recorded may look like one that is: the journal must tell them apart.
      const kind = each.isPiece || each.isUnasked ? "piece" : "line";
      return { kind, n, moment, line: each.line };
    });
    this.#options.journal.write(entries);
    this.#options.reporter.count("lines_received", {}, lines.length);
    for (const [i, each] of lines.entries()) {
      const { moment, line } = entries[i]!;
      if (unwanted?.has(each)) {
        this.#recording.piece(n, moment, "opted out");
        this.#listening.heard(n, moment.elapsedUs);
      } else if (each.isPiece) this.#recording.piece(n, moment);
      else if (each.isUnasked) this.#recording.piece(n, moment, "channel not asked for");
      else {
        const { parsed } = each;
        this.#recording.line(n, moment, line, { parsed });
        this.#listening.heard(n, moment.elapsedUs);
        if (!parsed.ok) continue;
        this.#listening.message(n, parsed.message);
        const { command, params } = parsed.message;
        if (command === "PRIVMSG" && params[1]?.startsWith("!chatloom ")) {
          this.#options.onCommand?.(parsed.message);
        }
      }
    }
    if (this.#options.journal.isLost) return this.#renew();
  }

  /**
   * Has all that was received before the call stored early, and the journal delete it; resolves then,
   * or when `signal` aborts. While the store fails it waits.
   */
  async storeReceived(signal: AbortSignal): Promise<void> {
    const { clock, journal, flushIntervalMs = FLUSH_INTERVAL_MS } = this.#options;
    // Marks where it may be deleted: a segment that begins behind it.
    let mark: number | undefined;
    while (!signal.aborted) {
      if (mark === undefined) {
        for (const { channel, minuteUs } of this.#recording.openBatches()) {
          this.#closeBatch(channel, minuteUs);
        }
        mark = this.#rotate() ? journal.segment : undefined;
      } else if (journal.segment < mark) {
        mark = undefined; // Another journal was begun: what it took over is closed again.
      } else if (journal.firstSegment >= mark && this.#oldestSegment() >= mark) {
        return;
      }
      await clock.sleep(flushIntervalMs, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  /** See {@link ChatListener}. */
  closed(receiver: string, fragment: string | undefined): void {
    const n = numberOf(receiver);
    const moment = this.#moment(n);
    const entries: JournalEntry[] = [{ kind: "close", n, moment }];
    if (fragment !== undefined) {
      entries.unshift({ kind: "piece", n, moment, line: fragment });
      this.#recording.piece(n, moment);
    }
    this.#options.journal.write(entries);
    this.#recording.close(n);
    this.#listening.close(n);
    this.#moments.delete(n);
  }

  /**
   * Stores batches as they close, until `signal` aborts; then closes and stores all that is open.
   * Abort only after the last line was received. When all is stored the journal is forgotten.
   *
   * @throws {ChatloomError} when the store does not take the last batches. The journal has them.
   */
  async run(signal: AbortSignal): Promise<void> {
    const stopWriting = new AbortController();
    const writing = this.#writer.run(stopWriting.signal);
    const ticking = this.#tick(signal);
    const stopCovering = new AbortController();
    const unlink = abortWith(stopCovering, signal);
    const covering = this.#cover(stopCovering.signal);
    covering.catch(() => {}); // Awaited in the end.
    try {
      // The first failure is thrown; ticking ends without one only when it is stopped.
      await Promise.race([ticking, writing]);
    } finally {
      for (const { channel, minuteUs } of this.#recording.openBatches()) {
        this.#closeBatch(channel, minuteUs);
      }
      stopWriting.abort();
      stopCovering.abort();
      unlink();
      await Promise.allSettled([writing, ticking, covering]);
      this.#renewAtUs = -Infinity; // The last try for batches that the store refused.
      if (this.#options.journal.isLost) await this.#renew();
      await this.#options.journal.close();
    }
    await writing;
    await covering;
    await this.#options.journal.forget();
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, journal, flushIntervalMs = FLUSH_INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(flushIntervalMs, signal).catch(() => {}); // Aborted: the loop ends.
      const now = { receivedUs: clock.wallUs(), elapsedUs: clock.elapsedUs() };
      for (const { channel, minuteUs } of this.#recording.closable(now)) {
        this.#closeBatch(channel, minuteUs);
      }
      this.#rotateIfDue(now.elapsedUs);
      await journal.sync();
      if (journal.isLost) await this.#renew();
      await journal.releaseBefore(this.#oldestSegment());
    }
  }

  /**
   * Begins a new journal when this one was lost; resolves once it holds all that is not
   * stored, or a try has failed.
   */
  #renew(): Promise<void> {
    const { clock, journal, flushIntervalMs = FLUSH_INTERVAL_MS } = this.#options;
    if (this.#renewing !== undefined) return this.#renewing;
    if (clock.elapsedUs() < this.#renewAtUs) return Promise.resolve();
    const renewing = journal.renew(() => this.#unstored()).then((isRenewed) => {
      const nowUs = clock.elapsedUs();
      if (isRenewed) this.#segmentSinceUs = nowUs;
      else this.#renewAtUs = nowUs + flushIntervalMs * MILLISECOND_US;
    }).finally(() => this.#renewing = undefined);
    return this.#renewing = renewing;
  }

  /** The entries for all that is not stored, for the first segment of a new journal. */
  *#unstored(): Iterable<readonly JournalEntry[]> {
    yield [{ kind: "checkpoint", checkpoint: this.#checkpoint() }];
    for (const { id, batch } of this.#writer.waiting) {
      yield* keptEntries(batch);
      yield [{ kind: "batch", id, channel: batch.channel, minuteUs: batch.minuteUs }];
    }
    for (const batch of this.#recording.openMinutes()) yield* keptEntries(batch);
    // All of it went through: from here on the new journal counts.
    this.#recording.moveTo(FIRST_SEGMENT);
    const given = this.#writer.moved(FIRST_SEGMENT);
    if (given === 0) return;
    this.#options.reporter.report(
      "error",
      "Batches that only the lost journal had are gone: they are archived if another  " +
        "process recovered it",
      { batches: given },
    );
  }

  /** Stores coverage now and then, and once more when `signal` aborts. */
  async #cover(signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#options;
    let waitMs = COVERAGE_FIRST_MS;
    for (;;) {
      await clock.sleep(waitMs, signal).catch(() => {}); // Aborted: stores for the last time.
      if (signal.aborted) return await this.#storeCoverage();
      // A wall clock may be wrong by hours: better to wait for a timestamp of the server.
      if (this.#recording.checkpoint().serverClock === undefined) continue;
      waitMs = COVERAGE_INTERVAL_MS;
      try {
        await this.#storeCoverage();
      } catch (error) {
        if (!(error instanceof ChatloomError)) throw error;
        reporter.count("store_errors", { code: error.code });
        reporter.report("warning", "Cannot store coverage, trying again later", {
          code: error.code,
          error: error.message,
        });
      }
    }
  }

  async #storeCoverage(): Promise<void> {
    const { clock, journal } = this.#options;
    const { serverClock } = this.#recording.checkpoint();
    const wallOffsetUs = clock.wallUs() - clock.elapsedUs();
    const stays = this.#listening.take();
    try {
      const base = { run: journal.name, serverClock, wallOffsetUs };
      await writeCoverage(stays, { ...this.#options, ...base });
      this.#listening.stored();
    } catch (error) {
      this.#listening.notStored();
      throw error;
    }
  }

  #checkpoint(): Checkpoint {
    return { ...this.#recording.checkpoint(), listening: this.#listening.checkpoint() };
  }

  #closeBatch(channel: string, minuteUs: number): void {
    const batch = this.#recording.closeBatch(channel, minuteUs);
    if (batch === undefined) return;
    const id = this.#batchId++;
    // Before the batch can be in the store: a replay closes it at the same line.
    this.#options.journal.write([{ kind: "batch", id, channel, minuteUs }]);
    this.#writer.add(id, batch);
  }

  #rotateIfDue(elapsedUs: number): void {
    const { journal } = this.#options;
    const isLong = journal.segmentBytes >= SEGMENT_MAX_BYTES;
    const isOld = elapsedUs - this.#segmentSinceUs >= SEGMENT_MAX_US && journal.segmentBytes > 0;
    if (!isLong && !isOld) return;
    this.#segmentSinceUs = elapsedUs;
    this.#rotate();
  }

  /** Begins a new segment of the journal; returns whether it did. */
  #rotate(): boolean {
    const { journal } = this.#options;
    if (!journal.rotate(this.#checkpoint())) return false;
    this.#recording.segment = journal.segment;
    return true;
  }

  /** The oldest segment with a line that is not safely stored yet. */
  #oldestSegment(): number {
    const { oldestSegment } = this.#writer;
    return Math.min(
      this.#recording.oldestSegment() ?? Infinity,
      this.#recording.segment,
      oldestSegment,
    );
  }

  /**
   * The received time of data on connection `n`: now. Received times of a connection only grow, by a
   * microsecond at least, also when the wall clock steps back: that keeps equal lines apart.
   */
  #moment(n: number): Moment {
    const { clock } = this.#options;
    const elapsedUs = clock.elapsedUs();
    const before = this.#moments.get(n);
    let receivedUs = clock.wallUs();
    if (before !== undefined && receivedUs <= before.receivedUs) {
      receivedUs = before.receivedUs + Math.max(1, elapsedUs - before.elapsedUs);
    }
    const moment = { receivedUs, elapsedUs };
    this.#moments.set(n, moment);
    return moment;
  }
}

function numberOf(receiver: string): number {
  return Number(receiver.slice(receiver.lastIndexOf(".") + 1));
}

/** Those of `lines` that name a user whose messages are not recorded. */
function unwantedOf(
  lines: readonly ReceivedLine[],
  matches: RedactionMatcher,
): ReadonlySet<ReceivedLine> | undefined {
  const found = lines.filter((each) =>
    !each.isPiece && each.parsed.ok && matches(each.parsed.message, undefined)
  );
  return found.length === 0 ? undefined : new Set(found);
}

/** The entries for the contents of a batch, some at a time. */
function* keptEntries(
  { channel, minuteUs, buffer }: Pick<RecordedBatch, "channel" | "minuteUs" | "buffer">,
): Iterable<readonly JournalEntry[]> {
  let entries: JournalEntry[] = [];
  for (const line of buffer.lines()) {
    entries.push({ kind: "kept", channel, minuteUs, line });
    if (entries.length < KEPT_AT_ONCE) continue;
    yield entries;
    entries = [];
  }
  if (entries.length > 0) yield entries;
}
