import { TaskWindow } from "../../async/task_window.ts";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { JournalWriter } from "../journal/journal_writer.ts";
import { STORED_AT_ONCE, type StoredAtOnce } from "./batch_puts.ts";
import { countWritten, encodeRecordedBatch } from "./encode_recorded.ts";
import { recallBatches } from "./recall_batches.ts";
import type { RecordedBatch } from "./recording.ts";
import { type SpilledBatch, SpilledBatches } from "./spilled_batches.ts";
import { type PendingBatch, WaitingBatches } from "./waiting_batches.ts";

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
  /** What is stored at a time. @default 16 batches, 8 MiB */
  readonly storedAtOnce?: StoredAtOnce | undefined;
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const TRIES_IN_A_ROW_MAX = 16;
const WAITING_MAX_BYTES = 40 * 1024 * 1024;
/** While no try has failed, the store may only be slow: to read batches back would cost it more. */
const SLOW_FACTOR = 8;
/** Where there is too much, this part of it stays: then the next batch need not look for others again. */
const SHELVED_TO = 0.9;

/**
 * Puts closed batches into the store, the oldest first and several at a time, and retries while the store
 * fails: a batch is given up only when the process ends, and then the journal still has it.
 *
 * Of batches that wait for long, memory keeps a bounded part. The rest is spilled: known by its place in
 * the journal, and read back from there when the store works again.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #maxBytes: number;
  readonly #waiting = new WaitingBatches();
  readonly #spilled = new SpilledBatches();
  /** The tries that run, and how each ends: with the failure, if it fails. */
  readonly #tries: TaskWindow<ChatloomError | undefined>;
  #isFailing = false;
  /** Whether the last try succeeded. */
  #didTake = true;
  #wake: (() => void) | undefined;

  /** A writer that does nothing until {@link BatchWriter.run}. */
  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#maxBytes = options.waitingMaxBytes ?? WAITING_MAX_BYTES;
    this.#tries = new TaskWindow(options.storedAtOnce ?? STORED_AT_ONCE);
  }

  /** How many batches are not stored yet. */
  get pendingCount(): number {
    return this.#waiting.size + this.#spilled.size;
  }

  /** Those in memory, oldest first. */
  get waiting(): readonly PendingBatch[] {
    return this.#waiting.sorted();
  }

  /** Those that only the journal has, oldest first. */
  get spilled(): readonly SpilledBatch[] {
    return this.#spilled.list();
  }

  /** How many bytes of memory those in memory take. */
  get waitingBytes(): number {
    return this.#waiting.heldBytes;
  }

  /** The first segment of the journal with lines that are not stored yet, or `Infinity`. */
  get oldestSegment(): number {
    return Math.min(this.#spilled.oldestSegment, this.#waiting.oldestSegment());
  }

  /** Adds a batch. */
  add(id: number, batch: RecordedBatch): void {
    this.#waiting.add({ id, batch, firstSegment: batch.firstSegment });
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
    for (const pending of this.waiting) pending.firstSegment = segment;
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
      if (++failures < Math.min(this.#waiting.size, TRIES_IN_A_ROW_MAX)) continue;
      failures = 0;
      await this.#endTries();
      const delayMs = Math.min(RETRY_MIN_MS * 2 ** rounds++, RETRY_MAX_MS);
      await this.#options.clock.sleep(delayMs, signal).catch(() => {}); // Aborted: one last try.
    }
    await this.#storeLast();
  }

  /**
   * Tries new batches, then those that can be read back, then those that failed before: these go before
   * reading back while the store takes them. Returns how one try ended, while the others go on.
   */
  async #tryNext(): Promise<ChatloomError | undefined> {
    while (this.#tries.hasRoom) {
      // While the store takes batches that it refused before, all of these go first: then channels are read
      // back together, and the journal once for all of them.
      const next = this.#waiting.oldestFresh() ??
        (this.#didTake ? this.#waiting.oldestFailed() : undefined);
      if (next === undefined) break;
      this.#begin(next);
    }
    if (this.#tries.size > 0) return await this.#tries.next();
    const spilled = this.#recallable();
    if (spilled.length > 0) return await this.#recall(spilled);
    const oldest = this.#waiting.oldestFailed();
    if (oldest === undefined) return this.#missing();
    this.#begin(oldest);
    return await this.#tries.next();
  }

  /** Tries what is left once more. Throws the first failure. */
  async #storeLast(): Promise<void> {
    await this.#tries.settled();
    let failure: ChatloomError | undefined;
    for (const pending of this.waiting) failure = await this.#beginInTurn(pending) ?? failure;
    failure = await this.#endTries() ?? failure;
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

  /** Begins to store a batch once there is room for it. Returns a failure of those before it. */
  async #beginInTurn(pending: PendingBatch): Promise<ChatloomError | undefined> {
    let failure: ChatloomError | undefined;
    while (!this.#tries.hasRoom) failure = await this.#tries.next() ?? failure;
    this.#begin(pending);
    return failure;
  }

  /** Waits for all tries that run. Returns a failure of them. */
  async #endTries(): Promise<ChatloomError | undefined> {
    let failure: ChatloomError | undefined;
    while (this.#tries.size > 0) failure = await this.#tries.next() ?? failure;
    return failure;
  }

  /** Begins to store a batch. */
  #begin(pending: PendingBatch): void {
    this.#waiting.begin(pending);
    const trying = this.#try(pending);
    // By now it is encoded.
    this.#waiting.weigh(pending);
    this.#tries.add(trying, pending.batch.buffer.heldBytes);
  }

  async #try(pending: PendingBatch): Promise<ChatloomError | undefined> {
    try {
      await this.#store(pending);
      return undefined;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#didTake = false;
      pending.batch.buffer.pack();
      this.#waiting.fail(pending);
      this.#fail(error);
      this.#shelve();
      return error;
    }
  }

  async #store(pending: PendingBatch): Promise<void> {
    const { store, hasher, reporter, onStored } = this.#options;
    const { key, bytes } = await encodeRecordedBatch(pending.batch, hasher);
    await store.put(key, bytes);
    this.#waiting.delete(pending);
    countWritten(pending.batch, { bytes: bytes.length, reporter });
    onStored(pending, key);
    pending.batch.buffer.free();
    this.#didTake = true;
    if (!this.#isFailing || this.#waiting.failedCount + this.#spilled.size > 0) return;
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
    const { journal } = this.#options;
    if (this.#waiting.heldBytes <= limit || !journal.canReadSince(Infinity)) return;
    for (const pending of this.waiting.slice(1).reverse()) {
      if (this.#waiting.heldBytes <= SHELVED_TO * limit) return;
      const { id, firstSegment, batch: { channel, minuteUs, buffer } } = pending;
      const isHere = this.#waiting.isStoring(pending);
      if (isHere || !journal.canReadSince(firstSegment)) continue;
      buffer.close();
      const { heldBytes, identity, version } = buffer;
      this.#spilled.add({ id, channel, minuteUs, firstSegment, identity, version, heldBytes });
      this.#waiting.delete(pending);
      buffer.free();
    }
  }

  /** The batches to read back next: none of a channel that still has a batch in memory. */
  #recallable(): SpilledBatch[] {
    return this.#spilled.next(this.#maxBytes, this.#waiting.failedChannels());
  }

  /** Reads batches back and stores them, up to the first that fails. Returns the failure. */
  async #recall(spilled: readonly SpilledBatch[]): Promise<ChatloomError | undefined> {
    const { journal } = this.#options;
    const segments = new Map(spilled.map(({ id, firstSegment }) => [id, firstSegment]));
    let failure: ChatloomError | undefined;
    try {
      for await (const { id, batch } of recallBatches(spilled, this.#options)) {
        if (!this.#spilled.take(id)) continue; // The journal was lost meanwhile.
        const pending = { id, batch, firstSegment: segments.get(id)! };
        this.#waiting.add(pending);
        failure = await this.#beginInTurn(pending);
        if (failure !== undefined) break;
      }
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#fail(error);
      return error;
    }
    failure = await this.#endTries() ?? failure;
    if (failure !== undefined) return failure;
    if (journal.isLost) return this.#missing();
    const missing = spilled.filter(({ id }) => this.#spilled.miss(id));
    if (missing.length === 0) return undefined;
    failure = this.#missing();
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
