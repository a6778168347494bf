import type { RecordedBatch } from "./recording.ts";

/** A batch that waits for the store. */
export interface PendingBatch {
  /** The id under which the journal knows it. */
  readonly id: number;
  readonly batch: RecordedBatch;
  /** The segment of the journal in which its first line stands. */
  firstSegment: number;
}

/**
 * The batches in memory that are not stored yet. Nothing here takes longer the more there are, but for what
 * asks for all of them.
 */
export class WaitingBatches {
  /** All, each with the bytes that it took when it was weighed last. */
  readonly #all = new Map<PendingBatch, number>();
  /** Those that were never tried, oldest first. */
  readonly #fresh = new Set<PendingBatch>();
  /** Those that the store refused, in the order of their last tries. */
  readonly #failed = new Set<PendingBatch>();
  readonly #storing = new Set<PendingBatch>();
  #heldBytes = 0;

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** How many bytes of memory they take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How many of them the store refused at the last try. */
  get failedCount(): number {
    return this.#failed.size;
  }

  /** All of them, oldest first. */
  sorted(): PendingBatch[] {
    return [...this.#all.keys()].sort((a, b) => a.id - b.id);
  }

  /** Adds a batch that was never tried. */
  add(pending: PendingBatch): void {
    this.#fresh.add(pending);
    this.weigh(pending);
  }

  /** Notes how much memory a batch takes by now. */
  weigh(pending: PendingBatch): void {
    const { heldBytes } = pending.batch.buffer;
    this.#heldBytes += heldBytes - (this.#all.get(pending) ?? 0);
    this.#all.set(pending, heldBytes);
  }

  /** Removes a batch. */
  delete(pending: PendingBatch): void {
    this.#heldBytes -= this.#all.get(pending) ?? 0;
    for (const set of [this.#all, this.#fresh, this.#failed, this.#storing]) set.delete(pending);
  }

  /** The oldest of those that were never tried; `undefined` for none. */
  oldestFresh(): PendingBatch | undefined {
    const [first] = this.#fresh;
    return first;
  }

  /** Of those that the store refused and that are not tried again just now, the one whose try is the longest ago. */
  oldestFailed(): PendingBatch | undefined {
    for (const pending of this.#failed) if (!this.#storing.has(pending)) return pending;
    return undefined;
  }

  /** Notes that the store is about to get this one. */
  begin(pending: PendingBatch): void {
    this.#fresh.delete(pending);
    this.#storing.add(pending);
  }

  /** Notes that the store refused it. */
  fail(pending: PendingBatch): void {
    this.#storing.delete(pending);
    this.#failed.delete(pending);
    this.#failed.add(pending); // Behind all others.
    this.weigh(pending);
  }

  /** Whether the store is being given this one. */
  isStoring(pending: PendingBatch): boolean {
    return this.#storing.has(pending);
  }

  /** The channels of which the store refused a batch. */
  failedChannels(): Set<string> {
    return new Set([...this.#failed].map(({ batch }) => batch.channel));
  }

  /** The first segment of the journal with lines of them; `Infinity` for none. */
  oldestSegment(): number {
    let oldest = Infinity;
    for (const { firstSegment } of this.#all.keys()) oldest = Math.min(oldest, firstSegment);
    return oldest;
  }
}
