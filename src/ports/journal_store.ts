/**
 * A journal being written. It is a row of segments, numbered from 1; appending goes to the last.
 *
 * While its process lives the run is *alive* and no other process treats it as dead. After
 * {@link JournalRun.close}, any other call throws or rejects with a `TypeError`.
 */
export interface JournalRun {
  /** The run's name: part of its receivers' ids. */
  readonly name: string;

  /** The number of the segment that is appended to now. */
  readonly segment: number;

  /**
   * Appends all of `bytes` or nothing. When it returns, a kill of the process cannot lose them, and
   * the caller may change `bytes`.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `JOURNAL_IO`; what was written of `bytes`
   * is taken back, and a later call may work again. `JOURNAL_LOST` when the run was removed
   * meanwhile, and from then on: no recovery finds its entries, and only a new run helps.
   */
  append(bytes: Uint8Array): void;

  /**
   * When it resolves, a power cut cannot lose what was appended before the call, to any segment.
   *
   * @throws {ChatloomError} as `append` does, when that cannot be promised: also each time after, as
   * long as a segment that the disk refused is not released; and when the run cannot show that it
   * lives. The message of `JOURNAL_LOST` says how the run was lost.
   */
  sync(): Promise<void>;

  /**
   * Begins a new segment and returns its number, one more than the last. Throws as `append` does;
   * then the old one goes on.
   */
  rotate(): number;

  /**
   * Yields the bytes of segment `number` in order, in chunks, up to what is appended when the
   * reader gets there; nothing when the segment was released. The chunks belong to the caller. Left
   * out by a journal that keeps nothing.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  read?(number: number): AsyncIterable<Uint8Array>;

  /**
   * Deletes segment `number`. A second call does nothing. A power cut may bring it back.
   *
   * @throws {RangeError} when it is the one in use, or none so far.
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  release(number: number): Promise<void>;

  /**
   * Syncs and ends the run, which leaves it dead; segments that were not released stay. Closing twice does
   * nothing.
   *
   * @throws {ChatloomError} as `sync` does; the run is closed nevertheless.
   */
  close(): Promise<void>;
}

/**
 * A journal whose process is gone. Several processes may recover the same one at once: segments that another
 * has removed meanwhile read as empty.
 *
 * All calls throw or reject with a `ChatloomError` of code `STORE_FULL`, `STORE_DENIED` or
 * `JOURNAL_IO` when the disk fails.
 */
export interface DeadRun {
  /** The run's name. */
  readonly name: string;

  /** Yields the numbers of its segments, ascending. */
  segments(): AsyncIterable<number>;

  /** Yields the bytes of one segment in order, in chunks; the chunks belong to the caller. */
  read(number: number): AsyncIterable<Uint8Array>;

  /**
   * Puts `bytes` that cannot be read into quarantine, which outlives {@link DeadRun.remove}, and says
   * where, for the log. They are safe when it resolves.
   */
  setAside(bytes: Uint8Array): Promise<string>;

  /**
   * Removes the run. Does nothing when another process has removed it. A run that is
   * written again, because its process was only frozen, stays.
   */
  remove(): Promise<void>;
}

/**
 * Where journals are stored. Every call may run beside any other, also from another process on the same
 * place. Implementations prove themselves with `journalStoreSuite`.
 */
export interface JournalStore {
  /**
   * Begins a run under a name of its own, `<node>.<5 letters or digits>`, with an empty segment 1.
   *
   * @throws {RangeError} when `node` is no name for a node.
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `JOURNAL_IO`
   */
  openRun(node: string): Promise<JournalRun>;

  /**
   * Yields the runs that no process writes any more, oldest first, each once.
   *
   * The end of a process may be noticed late, as of one on another machine; a process that can look up the
   * owner never treats a live run as dead. So call this on start and now and then.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  deadRuns(): AsyncIterable<DeadRun>;
}

/** A run of a journal as a process sees it that only reads, beside the one that writes it. */
export interface ReadableRun {
  /** Its name. */
  readonly name: string;

  /** Whether this process writes it. */
  readonly isOwn: boolean;

  /**
   * The numbers of its segments, ascending; none when the run is gone.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  segments(): Promise<readonly number[]>;

  /**
   * Yields the bytes of segment `number` from `fromByte` on, in chunks that belong to the caller, up to what
   * is there when the reader gets there; nothing when the segment is not there. The last line may be torn:
   * more may come, or it is taken back and written again.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  read(number: number, fromByte: number): AsyncIterable<Uint8Array>;
}

/** Reads journals beside the processes that write them. Changes nothing. */
export interface JournalReader {
  /**
   * The runs that are there now, alive or dead, in no order.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
   */
  runs(): Promise<readonly ReadableRun[]>;
}
