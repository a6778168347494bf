/** A closed batch of which only its place in the journal is known. */
export interface SpilledBatch {
  /** The id under which the journal knows it. */
  readonly id: number;
  readonly channel: string;
  readonly minuteUs: number;
  /** The segment of the journal in which its first line stands. */
  readonly firstSegment: number;
  /** How much memory it takes when it is read back, about. */
  readonly heldBytes: number;
}

/** Closed batches that memory has no room for. */
export class SpilledBatches {
  readonly #batches = new Map<number, SpilledBatch>();
  /** Those that the journal does not give back. */
  readonly #missing = new Set<number>();

  /** How many there are. */
  get size(): number {
    return this.#batches.size;
  }

  /** The first segment of the journal that holds something of them; `Infinity` for none. */
  get oldestSegment(): number {
    let oldest = Infinity;
    for (const { firstSegment } of this.#batches.values()) oldest = Math.min(oldest, firstSegment);
    return oldest;
  }

  /** Adds a batch. */
  add(batch: SpilledBatch): void {
    this.#batches.set(batch.id, batch);
  }

  /** Takes a batch off the shelf; returns whether it was there. */
  take(id: number): boolean {
    return this.#batches.delete(id);
  }

  /** Notes that the journal does not have this one, if it is still there; returns whether it is. */
  miss(id: number): boolean {
    if (this.#batches.has(id)) this.#missing.add(id);
    return this.#batches.has(id);
  }

  /** Forgets all of them; returns how many that were. */
  clear(): number {
    const { size } = this.#batches;
    this.#batches.clear();
    this.#missing.clear();
    return size;
  }

  /**
   * Those that are best read back together: the oldest, as many as take `maxBytes` of memory but at
   * least one, none of a channel in `exceptOf`.
   */
  next(maxBytes: number, exceptOf: ReadonlySet<string>): SpilledBatch[] {
    const next: SpilledBatch[] = [];
    let bytes = 0;
    for (const batch of [...this.#batches.values()].sort((a, b) => a.id - b.id)) {
      if (exceptOf.has(batch.channel) || this.#missing.has(batch.id)) continue;
      bytes += batch.heldBytes;
      if (next.length > 0 && bytes > maxBytes) break;
      next.push(batch);
    }
    return next;
  }
}
