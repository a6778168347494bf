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
