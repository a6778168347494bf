import type { AbortOptions } from "../batch_store.ts";

/**
 * Where a node keeps notes about the hours of its channels, beside the archive: a few lines of text
 * each. They save work and are safe to lose, whole or in part: their reader expects that the
 * last line is torn, that lines are missing, or all of them.
 *
 * Channels and hours are given as they stand in keys. Every call may run beside any other, also from
 * another process.
 */
export interface HourNotes {
  /**
   * The notes of an hour; `""` if there are none.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  read(channel: string, hour: string, options?: AbortOptions): Promise<string>;

  /**
   * Adds `lines`, each ended by a line feed, to the notes of an hour.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  append(channel: string, hour: string, lines: string): Promise<void>;

  /**
   * Replaces all notes of an hour by `lines`; `""` removes them. Lines that others append at the
   * same moment may be lost.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  replace(channel: string, hour: string, lines: string): Promise<void>;
}
