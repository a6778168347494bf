/** An hour of a channel in which something may have to be settled. */
export interface UnsettledPlace {
  /** As it stands in keys. */
  readonly channel: string;
  /** Such as `2026-08-01T12`; `""` stands for all hours of the channel, as after a redaction. */
  readonly hour: string;
}

/**
 * Notes of a process on the hours it stores into, so that the next process knows what to settle when
 * this one is killed. Each process has notes of its own; they survive it. Every call may run beside
 * any other, also from another process on the same archive.
 */
export interface UnsettledNotes {
  /**
   * Notes `place`. When it resolves the note survives a power cut. A place may be
   * noted twice.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  add(place: UnsettledPlace): Promise<void>;

  /**
   * Removes this process's note of `place`, if there is one. A power cut may bring it back.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  remove(place: UnsettledPlace): Promise<void>;

  /**
   * Takes over the notes of processes that have ended, each place once. From then on these are notes of this
   * process.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  takeOver(): Promise<readonly UnsettledPlace[]>;
}
