import type { AbortOptions } from "../batch_store.ts";

/** What packing or unpacking an hour did. */
export interface PackedHour {
  /** How many files went into the pack, or came out of it. */
  readonly files: number;
  /** How long they are together. */
  readonly bytes: number;
  /** How long the pack is. */
  readonly packedBytes: number;
}

/**
 * Packs hours of an archive: a compressed file an hour holds the files that were in the hour's folder.
 * A store of the same archive gives the same answers before, meanwhile and after. Each call leaves all bytes
 * readable at every moment, also if the process dies. The caller of `pack`, `unpack` and `drop` holds the
 * {@link ArchiveLock} of the channel.
 */
export interface HourPacks {
  /**
   * The hours of `channel` that are packed, ascending; files that came later may be beside the pack.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  hours(channel: string, options?: AbortOptions): Promise<readonly string[]>;

  /**
   * The hours of `channel` that have files outside of a pack, ascending.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  looseHours(channel: string, options?: AbortOptions): Promise<readonly string[]>;

  /**
   * Packs all files of an hour, with those of an earlier pack; `undefined` if all are packed already.
   *
   * @throws {UnreadableEntryError} when a file of the hour cannot be read, or is damaged: then nothing changes.
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`; `STORE_IO` also where the runtime has
   * no zstd.
   */
  pack(channel: string, hour: string, options?: AbortOptions): Promise<PackedHour | undefined>;

  /**
   * Puts the files of a packed hour into the hour's folder and removes the pack; `undefined` if there is none.
   *
   * @throws {UnreadableEntryError} when a file of the pack cannot be read and is nowhere else: then the pack
   * stays.
   * @throws {ChatloomError} as `pack` does.
   */
  unpack(channel: string, hour: string, options?: AbortOptions): Promise<PackedHour | undefined>;

  /**
   * Deletes the pack of an hour with all files that are in it, also one that cannot be read, for a caller that
   * deletes the whole hour. It stays if it hides files that are beside it.
   *
   * @returns how many files are gone.
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  drop(channel: string, hour: string, options?: AbortOptions): Promise<number>;
}
