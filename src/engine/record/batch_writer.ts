import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { JournalWriter } from "../journal/journal_writer.ts";
import { countWritten, encodeRecordedBatch } from "./encode_recorded.ts";
import { recallBatches } from "./recall_batches.ts";
import type { RecordedBatch } from "./recording.ts";
import { type SpilledBatch, SpilledBatches } from "./spilled_batches.ts";

/** A batch that waits for the store. */
export interface PendingBatch {
  /** The id under which the journal knows it. */
  readonly id: number;
  readonly batch: RecordedBatch;
  /** The segment of the journal in which its first line stands. */
  firstSegment: number;
}

/** What a {@link BatchWriter} works with. */
export interface BatchWriterOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Holds the batches that memory has no room for. */
  readonly journal: JournalWriter;
  /** Called for each batch that is safely stored. */
  readonly onStored: (pending: PendingBatch, key: ArchiveKey) => void;
  /** Compresses batches that are read back while they wait. */
  readonly compressor?: ByteCompressor | undefined;
  /** How many bytes of batches wait in memory while the store fails. @default 40 MiB */
  readonly waitingMaxBytes?: number | undefined;
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const TRIES_IN_A_ROW_MAX = 16;
const WAITING_MAX_BYTES = 40 * 1024 * 1024;
/** While no try has failed, the store may only be slow: to read batches back would cost it more. */
const SLOW_FACTOR = 8;

/**
 * Puts closed batches into the store, oldest first, and retries while the store fails: a batch is
 * given up only when the process ends, and then the journal still has it.
 *
 * Of batches that wait for long, memory keeps a bounded part. The rest is spilled: known by its place in
 * the journal, and read back from there when the store works again.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #maxBytes: number;
  /** The batches in memory, in the order in which they are tried. */
  readonly #waiting: PendingBatch[] = [];
  readonly #spilled = new SpilledBatches();
  /** The batches that the store refused at the last try. */
  readonly #failed = new Set<PendingBatch>();
  #storing: PendingBatch | undefined;
  #isFailing = false;
  /** Whether the last try succeeded. */
  #didTake = true;
  #wake: (() => void) | undefined;

  /** A writer that does nothing until {@link BatchWriter.run}. */
  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#maxBytes = options.waitingMaxBytes ?? WAITING_MAX_BYTES;
  }

  /** How many batches are not stored yet. */
  get pendingCount(): number {
    return this.#waiting.length + this.#spilled.size;
  }

  /** Those in memory, oldest first. */
  get waiting(): readonly PendingBatch[] {
    return [...this.#waiting].sort((a, b) => a.id - b.id);
  }

  /** How many bytes of memory those take. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { batch }) => sum + batch.buffer.heldBytes, 0);
  }

  /** The first segment of the journal with lines that are not stored yet, or `Infinity`. */
  get oldestSegment(): number {
    return Math.min(
      this.#spilled.oldestSegment,
      ...this.#waiting.map(({ firstSegment }) => firstSegment),
    );
  }

  /** Adds a batch. */
  add(id: number, batch: RecordedBatch): void {
    this.#waiting.push({ id, batch, firstSegment: batch.firstSegment });
    this.#shelve();
    this.#wake?.();
  }

  /**
   * Notes that all batches in memory were written to `segment` of a new journal. Batches that only
   * the journal before it had are given up.
   *
   * @returns how many batches are given up.
   */
  moved(segment: number): number {
    for (const pending of this.#waiting) pending.firstSegment = segment;
    return this.#spilled.clear();
  }

  /**
   * Stores added batches until `signal` aborts; then stores the rest, one try each. A batch that
   * the store refuses, as where one channel's folder is denied, does not hold up the others.
   *
   * @throws {ChatloomError} the first failure among the last tries.
   */
  async run(signal: AbortSignal): Promise<void> {
    let [failures, rounds] = [0, 0];
    while (!signal.aborted) {
      if (this.pendingCount === 0) {
        await this.#idle(signal);
        continue;
      }
      if (await this.#tryNext() === undefined) {
        [failures, rounds] = [0, 0];
        continue;
      }
      // Once round. Where this many fail in a row, the store fails and not one channel.
      if (++failures < Math.min(this.#waiting.length, TRIES_IN_A_ROW_MAX)) continue;
      failures = 0;
      const delayMs = Math.min(RETRY_MIN_MS * 2 ** rounds++, RETRY_MAX_MS);
      await this.#options.clock.sleep(delayMs, signal).catch(() => {}); // Aborted: one last try.
    }
    await this.#storeLast();
  }

  /**
   * Tries new batches, then those that can be read back, then those that failed before: these go before
   * reading back while the store takes them. Returns the failure.
   */
  async #tryNext(): Promise<ChatloomError | undefined> {
    const fresh = this.#waiting.find((each) => !this.#failed.has(each));
    if (fresh !== undefined) return await this.#try(fresh);
    const oldest = this.#waiting[0];
    // While the store takes batches that it refused before, all of these go first: then channels are read
    // back together, and the journal once for all of them.
    if (this.#didTake && oldest !== undefined) return await this.#try(oldest);
    const spilled = this.#recallable();
    if (spilled.length > 0) return await this.#recall(spilled);
    return oldest === undefined ? this.#missing() : await this.#try(oldest);
  }

  async #storeLast(): Promise<void> {
    let failure: ChatloomError | undefined;
    for (const pending of this.waiting) failure = await this.#try(pending) ?? failure;
    for (let failures = 0; failures < TRIES_IN_A_ROW_MAX;) {
      const spilled = this.#recallable();
      if (spilled.length === 0) break;
      const failed = await this.#recall(spilled);
      failure ??= failed;
      failures = failed === undefined ? 0 : failures + 1;
    }
    if (this.#spilled.size > 0) failure ??= this.#missing();
    if (failure !== undefined) throw failure;
  }

  async #try(pending: PendingBatch): Promise<ChatloomError | undefined> {
    try {
      await this.#store(pending);
      return undefined;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#didTake = false;
      this.#failed.add(pending);
      pending.batch.buffer.pack();
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      this.#waiting.push(pending);
      this.#fail(error);
      this.#shelve();
      return error;
    }
  }

  async #store(pending: PendingBatch): Promise<void> {
    const { store, hasher, reporter, onStored } = this.#options;
    this.#storing = pending;
    try {
      const { key, bytes } = await encodeRecordedBatch(pending.batch, hasher);
      await store.put(key, bytes);
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      countWritten(pending.batch, { bytes: bytes.length, reporter });
      onStored(pending, key);
      pending.batch.buffer.free();
    } finally {
      this.#storing = undefined;
    }
    this.#failed.delete(pending);
    this.#didTake = true;
    if (!this.#isFailing || this.#failed.size + this.#spilled.size > 0) return;
    this.#isFailing = false;
    reporter.report("info", "The archive can be written again: nothing was lost");
  }

  #fail({ code, message }: ChatloomError): void {
    this.#options.reporter.count("store_errors", { code });
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.reporter.report(
      "error",
      "The archive cannot be written: batches wait in the journal and in memory",
      { code, error: message },
    );
  }

  /** Keeps memory bounded: the youngest are spilled to the journal, the oldest are tried again. */
  #shelve(): void {
    const limit = this.#isFailing ? this.#maxBytes : SLOW_FACTOR * this.#maxBytes;
    let bytes = this.waitingBytes;
    for (const pending of this.waiting.slice(1).reverse()) {
      if (bytes <= limit) return;
      const { id, firstSegment, batch: { channel, minuteUs, buffer } } = pending;
      if (pending === this.#storing || !this.#options.journal.canReadSince(firstSegment)) continue;
      const { heldBytes } = buffer;
      this.#spilled.add({ id, channel, minuteUs, firstSegment, heldBytes });
      this.#failed.delete(pending);
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      bytes -= heldBytes;
      buffer.free();
    }
  }

  /** The batches to read back next: none of a channel that still has a batch in memory. */
  #recallable(): SpilledBatch[] {
    const channels = new Set([...this.#failed].map(({ batch }) => batch.channel));
    return this.#spilled.next(this.#maxBytes, channels);
  }

  /** Reads batches back and stores each, up to the first that fails. */
  async #recall(spilled: readonly SpilledBatch[]): Promise<ChatloomError | undefined> {
    const { journal } = this.#options;
    const segments = new Map(spilled.map(({ id, firstSegment }) => [id, firstSegment]));
    try {
      for await (const { id, batch } of recallBatches(spilled, this.#options)) {
        if (!this.#spilled.take(id)) continue; // The journal was lost meanwhile.
        const pending = { id, batch, firstSegment: segments.get(id)! };
        this.#waiting.push(pending);
        const failure = await this.#try(pending);
        if (failure !== undefined) return failure;
      }
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#fail(error);
      return error;
    }
    if (journal.isLost) return this.#missing();
    const missing = spilled.filter(({ id }) => this.#spilled.miss(id));
    if (missing.length === 0) return undefined;
    const failure = this.#missing();
    this.#options.reporter.report("error", failure.message, { batches: missing.length });
    return failure;
  }

  #missing(): ChatloomError {
    return new ChatloomError("JOURNAL_IO", "Cannot read batches back from the journal");
  }

  #idle(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted || this.pendingCount > 0) wake();
    });
  }
}
