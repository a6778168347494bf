import { type ArchiveKey, batchKey } from "../../core/archive_key.ts";
import { ChatloomError } from "../../core/errors.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { RecordedBatch } from "./recording.ts";

/** A batch on its way into the store. */
export interface PendingBatch {
  /** The id under which the journal knows it. */
  readonly id: number;
  readonly batch: RecordedBatch;
}

/** What a {@link BatchWriter} works with. */
export interface BatchWriterOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Told of each batch that is safely stored. */
  readonly onStored: (pending: PendingBatch, key: ArchiveKey) => void;
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const TRIES_IN_A_ROW_MAX = 16;

/**
 * Puts closed batches into the store, oldest first, and keeps at it while the store fails: a batch is
 * given up only when the process ends, and then the journal still has it.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #pending: PendingBatch[] = [];
  #wake: (() => void) | undefined;
  readonly #failed = new Set<PendingBatch>();

  /** A writer that does nothing until {@link BatchWriter.run}. */
  constructor(options: BatchWriterOptions) {
    this.#options = options;
  }

  /** What is not stored yet. */
  get pending(): readonly PendingBatch[] {
    return this.#pending;
  }

  /** Takes a batch on. */
  add(pending: PendingBatch): void {
    this.#pending.push(pending);
    this.#wake?.();
  }

  /**
   * Stores what is added, until `signal` aborts; then stores what is left, one try each. A batch that
   * the store does not take, as where one channel's folder is denied, lets the others pass.
   *
   * @throws {ChatloomError} what the store said to the first of the last tries that failed.
   */
  async run(signal: AbortSignal): Promise<void> {
    let [failures, rounds] = [0, 0];
    while (!signal.aborted) {
      const pending = this.#pending[0];
      if (pending === undefined) {
        await this.#idle(signal);
        continue;
      }
      try {
        await this.#store(pending);
        [failures, rounds] = [0, 0];
      } catch (error) {
        this.#fail(pending, error);
        this.#pending.push(this.#pending.shift()!);
        // Once round; where so many fail in a row it is no one channel's trouble.
        if (++failures < Math.min(this.#pending.length, TRIES_IN_A_ROW_MAX)) continue;
        failures = 0;
        const delayMs = Math.min(RETRY_MIN_MS * 2 ** rounds++, RETRY_MAX_MS);
        await this.#options.clock.sleep(delayMs, signal).catch(() => {}); // Aborted: one last try.
      }
    }
    await this.#storeLast();
  }

  async #storeLast(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (const pending of [...this.#pending]) {
      try {
        await this.#store(pending);
      } catch (error) {
        this.#fail(pending, error);
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  async #store(pending: PendingBatch): Promise<void> {
    const { store, hasher, reporter, onStored } = this.#options;
    const { key, bytes } = await encodeRecordedBatch(pending.batch, hasher);
    await store.put(key, bytes);
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    countWritten(pending.batch, { bytes: bytes.length, reporter });
    onStored(pending, key);
    if (!this.#failed.delete(pending) || this.#failed.size > 0) return;
    reporter.report("info", "The archive can be written again: nothing was lost");
  }

  #fail(pending: PendingBatch, error: unknown): void {
    if (!(error instanceof ChatloomError)) throw error;
    this.#options.reporter.count("store_errors", { code: error.code });
    const isNews = this.#failed.size === 0;
    this.#failed.add(pending);
    if (!isNews) return;
    this.#options.reporter.report(
      "error",
      "The archive cannot be written: batches wait in the journal and in memory",
      { code: error.code, error: error.message },
    );
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
      if (signal.aborted || this.#pending.length > 0) wake();
    });
  }
}

/** The file of a recorded batch: its messages in normal form, and the key that names them. */
export async function encodeRecordedBatch(
  batch: RecordedBatch,
  hasher: Hasher,
): Promise<{ key: ArchiveKey; bytes: Uint8Array }> {
  const { bytes } = batch.heard.encode();
  const digest = await hasher.digest(bytes);
  return { key: batchKey(batch.channel, { timeUs: batch.minuteUs, digest }), bytes };
}

/** Counts what a stored batch holds. */
export function countWritten(
  batch: RecordedBatch,
  { bytes, reporter }: { readonly bytes: number; readonly reporter: Reporter },
): void {
  const { channel } = batch;
  for (const [command, amount] of batch.heard.commandCounts) {
    reporter.count("messages_written", { channel, command }, amount);
  }
  reporter.count("batches_written", { channel });
  reporter.count("bytes_written", { channel }, bytes);
}
