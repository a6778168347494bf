/** A file that the user handed to a page. */
export interface FoundFile {
  /** Where it lay, with `/` between the parts; nothing is known of where that begins. */
  readonly path: string;
  /**
   * All of its bytes, for the caller to keep.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read, or is longer than
   * {@link FOUND_FILE_MAX_BYTES}.
   */
  read(): Promise<Uint8Array>;
}

/** Longer files are no batches: what a store takes at most. */
export const FOUND_FILE_MAX_BYTES: number = 256 * 1024 * 1024;

/**
 * At most this many files are taken from one source, so that a hostile archive cannot fill the memory with
 * names.
 */
export const FOUND_FILES_MAX = 4_000_000;
