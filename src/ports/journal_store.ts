/**
 * A journal being written. It is a row of segments, numbered from 1; appending goes to the last.
 *
 * As long as the process lives the run is *alive* and no other process takes it for dead.
 */
export interface JournalRun {
  /** The run's name: part of its receivers' ids. */
  readonly name: string;

  /** The number of the segment that is appended to now. */
  readonly segment: number;

  /**
   * Appends all of `bytes` or nothing. When it returns, a kill of the process cannot lose them.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `JOURNAL_IO`; what was written of `bytes`
   * is taken back, and a later call may work again.
   */
  append(bytes: Uint8Array): void;

  /** When it resolves, a power cut cannot lose what was appended before the call. */
  sync(): Promise<void>;

  /** Begins a new segment and returns its number. Throws as `append` does; then the old one goes on. */
  rotate(): number;

  /** Forgets segment `number`, for good. Forgetting twice does nothing. Never the one in use. */
  release(number: number): Promise<void>;

  /** Ends the run, which leaves it dead; what was not released stays. Closing twice does nothing. */
  close(): Promise<void>;
}

/** A journal whose process is gone. */
export interface DeadRun {
  /** The run's name. */
  readonly name: string;

  /** Yields the numbers of its segments, ascending. */
  segments(): AsyncIterable<number>;

  /** Yields the bytes of one segment, piece by piece. */
  read(number: number): AsyncIterable<Uint8Array>;

  /**
   * Keeps `bytes` that nobody understands in a place that outlives {@link DeadRun.remove}, and says
   * where, for people. They are safe when it resolves.
   */
  setAside(bytes: Uint8Array): Promise<string>;

  /** Forgets the run. When it was forgotten already, as by another process, does nothing. */
  remove(): Promise<void>;
}

/**
 * Where journals rest. Every call may run beside any other, also from another process on the same
 * place. Implementations prove themselves with `journalStoreSuite`.
 */
export interface JournalStore {
  /**
   * Begins a run under a name of its own, `<node>.<5 letters or digits>`.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `JOURNAL_IO`
   */
  openRun(node: string): Promise<JournalRun>;

  /** Yields the runs that nobody writes any more, oldest first. */
  deadRuns(): AsyncIterable<DeadRun>;
}
