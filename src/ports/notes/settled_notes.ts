import type { AbortOptions } from "../batch_store.ts";

/**
 * Where is noted which hours of a channel were found settled, and by which files. Losing notes costs
 * looking again, never a message: notes that are wrong for any reason must be told by what they say.
 */
export interface SettledNotes {
  /**
   * The notes of `channel`: hour, such as `2026-08-01T12`, → what was noted; none where they are lost or
   * damaged.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  read(channel: string, options?: AbortOptions): Promise<ReadonlyMap<string, string>>;

  /**
   * Replaces the notes of `channel`. A note is a word of letters, digits, `-` and `_`.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  write(channel: string, notes: ReadonlyMap<string, string>): Promise<void>;
}
