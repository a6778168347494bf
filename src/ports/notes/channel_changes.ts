/** Changes that an operator made to the recorded channels while a node ran, by their logins. */
export interface ChannelChanges {
  /** Recorded although no flag, configuration or file names them. */
  readonly added: readonly string[];
  /** Not recorded although one does. */
  readonly removed: readonly string[];
}

/** Where {@link ChannelChanges} are kept from one run to the next. */
export interface ChannelChangesNotes {
  /**
   * The changes; none if there are no notes.
   *
   * @throws {ChatloomError} when they cannot be read.
   */
  read(): Promise<ChannelChanges>;

  /**
   * Stores changes in place of the earlier ones: whole or not at all, and safe when it resolves.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  replace(changes: ChannelChanges): Promise<void>;
}
