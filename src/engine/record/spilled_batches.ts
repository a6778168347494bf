/** A closed batch of which only its place in the journal is known. */
export interface SpilledBatch {
  /** The id under which the journal knows it. */
  readonly id: number;
  readonly channel: string;
  readonly minuteUs: number;
  /** The segment of the journal in which its first line stands. */
  readonly firstSegment: number;
  /** See `MinuteBuffer.identity`. */
  readonly identity: object;
  /** See `MinuteBuffer.version`. */
  readonly version: number;
  /** About how much memory it takes when it is read back. */
  readonly heldBytes: number;
}

/** Closed batches that were spilled: memory has no room for them, and the journal has their lines. */
export class SpilledBatches {
  readonly #batches = new Map<number, SpilledBatch>();
  /** Those that the journal does not have. */
  readonly #missing = new Set<number>();

  /** The number of batches. */
  get size(): number {
    return this.#batches.size;
  }

  /** The first segment of the journal with lines of them; `Infinity` for none. */
  get oldestSegment(): number {
    let oldest = Infinity;
    for (const { firstSegment } of this.#batches.values()) oldest = Math.min(oldest, firstSegment);
    return oldest;
  }

  /** All of them, oldest first. */
  list(): SpilledBatch[] {
    return [...this.#batches.values()].sort((a, b) => a.id - b.id);
  }

  /** Adds a batch. */
  add(batch: SpilledBatch): void {
    this.#batches.set(batch.id, batch);
  }

  /** Removes a batch; returns whether it was there. */
  take(id: number): boolean {
    return this.#batches.delete(id);
  }

  /** Notes that the journal does not have this one, if it is still there; returns whether it is. */
  miss(id: number): boolean {
    if (this.#batches.has(id)) this.#missing.add(id);
    return this.#batches.has(id);
  }

  /** Removes all of them; returns how many there were. */
  clear(): number {
    const { size } = this.#batches;
    this.#batches.clear();
    this.#missing.clear();
    return size;
  }

  /**
   * The batches to read back together: the oldest, as many as take `maxBytes` of memory but at
   * least one, none of a channel in `exceptOf`.
   */
  next(maxBytes: number, exceptOf: ReadonlySet<string>): SpilledBatch[] {
    const next: SpilledBatch[] = [];
    let bytes = 0;
    for (const batch of this.list()) {
      if (exceptOf.has(batch.channel) || this.#missing.has(batch.id)) continue;
      bytes += batch.heldBytes;
      if (next.length > 0 && bytes > maxBytes) break;
      next.push(batch);
    }
    return next;
  }
}
