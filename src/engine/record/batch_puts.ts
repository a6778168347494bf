import { TaskWindow } from "../../async/task_window.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { countWritten, encodeRecordedBatch } from "./encode_recorded.ts";
import type { RecordedBatch } from "./recording.ts";

/** What is stored at a time. */
export interface StoredAtOnce {
  /** How many batches, at the most. */
  readonly countMax: number;
  /** How many bytes they hold together, about. */
  readonly bytesMax: number;
}

/**
 * How many batches are stored at a time, and how many bytes of them: a disk flushes sixteen files in little
 * more time than one, and a minute of ten thousand channels closes at once.
 */
export const STORED_AT_ONCE: StoredAtOnce = { countMax: 16, bytesMax: 8 * 1024 * 1024 };

/** A batch that was stored. */
export interface PutBatch {
  readonly key: ArchiveKey;
  /** How many messages were added to it. */
  readonly messageCount: number;
  /** How many lines it has: without messages that repeat others. */
  readonly lineCount: number;
}

/** What {@link BatchPuts} works with. */
export interface BatchPutsOptions {
  readonly store: BatchStore;
  /** Names the batches. */
  readonly hasher: Hasher;
  /** Gets counts of what was stored. */
  readonly reporter: Reporter;
  /** What is stored at a time. @default 16 batches, 8 MiB */
  readonly storedAtOnce?: StoredAtOnce | undefined;
  /** Called for each batch that is safely stored, in no order. */
  readonly onStored?: ((batch: PutBatch) => void) | undefined;
}

/** Stores closed batches, several at a time, for callers that end with the first failure. */
export class BatchPuts {
  readonly #options: BatchPutsOptions;
  readonly #running: TaskWindow<void>;

  /** Nothing is being stored yet. */
  constructor(options: BatchPutsOptions) {
    this.#options = options;
    this.#running = new TaskWindow(options.storedAtOnce ?? STORED_AT_ONCE);
  }

  /**
   * Begins to store a batch, which is freed then; resolves once there is room for another.
   *
   * @throws {ChatloomError} when this one or an earlier one cannot be stored.
   */
  async put(batch: RecordedBatch): Promise<void> {
    const storing = this.#store(batch);
    this.#running.add(storing, batch.buffer.heldBytes); // By now it is encoded.
    while (!this.#running.hasRoom) await this.#running.next();
  }

  /**
   * Resolves once all are safely stored.
   *
   * @throws {ChatloomError} when one cannot be stored.
   */
  async stored(): Promise<void> {
    while (this.#running.size > 0) await this.#running.next();
  }

  /** Resolves once nothing is being stored any more, also where some could not be. */
  async settled(): Promise<void> {
    await this.#running.settled();
  }

  async #store(batch: RecordedBatch): Promise<void> {
    const { store, hasher, reporter, onStored } = this.#options;
    const { key, bytes } = await encodeRecordedBatch(batch, hasher);
    const { messageCount } = batch.buffer;
    const { lineCount } = batch.buffer.encode();
    await store.put(key, bytes);
    countWritten(batch, { bytes: bytes.length, reporter });
    batch.buffer.free();
    onStored?.({ key, messageCount, lineCount });
  }
}
