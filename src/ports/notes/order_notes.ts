import type { AbortOptions } from "../batch_store.ts";

/**
 * Where a node keeps notes about the orders of peers, redactions and tombstones, beside the archive: a
 * text of lines for each channel, which only grows. A torn last line means nothing. Every call may run
 * beside any other, also from another process.
 */
export interface OrderNotes {
  /**
   * The channels that have notes, ascending.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  channels(options?: AbortOptions): Promise<readonly string[]>;

  /**
   * The notes of a channel; `""` if there are none.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  read(channel: string, options?: AbortOptions): Promise<string>;

  /**
   * Adds `lines`, each ended by a line feed, to the notes of a channel. They are safe when it resolves.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  append(channel: string, lines: string): Promise<void>;

  /**
   * How many bytes the notes of all channels have together.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  sizeBytes(): Promise<number>;
}
