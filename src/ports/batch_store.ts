import type { ArchiveKey } from "../core/archive/archive_key.ts";

/** The options of every call that waits. */
export interface AbortOptions {
  /** Aborts the call, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Something in the archive's tree that is not part of the archive. */
export interface Stray {
  /** Where it is, relative to the archive, with `/` between the parts. */
  readonly path: string;
  /** What it is and why it does not count, in words. */
  readonly reason: string;
  /**
   * Why it is harmless, if it is: `foreign` is of another program that keeps its files
   * beside ours, `unfinished` is a scratch file of a writer that is at work or has crashed, `old-place`
   * counts, under the key of its file, but is where the first version of chatloom put it.
   */
  readonly kind?: "foreign" | "unfinished" | "old-place";
}

/**
 * Where an archive's files rest: batches, tombstones, redactions, coverage.
 *
 * A key carries the digest of its bytes, so a file never changes: it is there or it isn't. Every
 * call may run beside any other, also from another process on the same archive. A store does not
 * check digests; the reader does. Implementations prove themselves with `batchStoreSuite`.
 *
 * An entry that is there and cannot be read poisons no other: too large, permission denied, an
 * input/output error, or a folder, a pipe or a link in the place of a file. It is listed under its
 * key like any other, and `get` gives the verdict on it, an `UnreadableEntryError`, without waiting
 * for it (a pipe without a writer) and without taking the memory that it claims to need. A `put`
 * replaces it or gives the same verdict; a `delete` removes it or leaves it as it is.
 *
 * A call that takes a `signal` rejects with its reason, untouched, if it has aborted before. If it
 * aborts later, the call may reject so too: a `put` or `delete` has then happened whole or not at
 * all. A call with a key that names no file of an archive rejects with a `RangeError`.
 */
export interface BatchStore {
  /**
   * Yields the keys that start with `prefix`, letter by letter, in ascending order of their text,
   * each once. A file that comes or goes meanwhile may be listed or not; every other one is.
   *
   * Cost follows the folders that can hold a match: listing an hour or a minute reads one folder.
   *
   * @throws {UnreadableEntryError} when folders cannot be read, after all keys that are in others.
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO` when the archive itself cannot be read. A
   * folder that is not there is empty.
   */
  list(prefix: string, options?: AbortOptions): AsyncIterable<ArchiveKey>;

  /**
   * Yields the names of the folders right inside `folder` ("" for the root, else without a slash at
   * the end), ascending, each once, without reading what is in them. Only names that can be part of
   * a key. A folder whose last file was deleted may be there or not.
   *
   * @throws {UnreadableEntryError} when `folder` cannot be read.
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO` when the archive itself cannot be read. A
   * folder that is not there is empty.
   */
  folders(folder: string, options?: AbortOptions): AsyncIterable<string>;

  /**
   * The bytes under `key`, or `undefined` if nothing is there. They belong to the caller, who may
   * change them. Beside a `put` of the same key: all of its bytes, or none.
   *
   * @throws {UnreadableEntryError} when something is there that cannot be read; others can.
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO` when the store fails as a whole.
   */
  get(key: ArchiveKey, options?: AbortOptions): Promise<Uint8Array | undefined>;

  /**
   * Stores `bytes`, which must not change until it resolves: all of them or none, even if the power
   * fails midway. When it resolves they are safe. Storing what is already there does nothing; what
   * is there with other bytes is damaged and gets replaced.
   *
   * @throws {UnreadableEntryError} when something is in its place that cannot be replaced.
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`, with the runtime's error as
   * `cause`. The file is then there whole, as it was before, or not at all: trying again is always
   * right.
   */
  put(key: ArchiveKey, bytes: Uint8Array, options?: AbortOptions): Promise<void>;

  /**
   * Deletes `key`. Deleting a missing key does nothing. A power cut may bring it back. An entry
   * in its place that is no file stays, and is listed as before.
   *
   * @throws {UnreadableEntryError} when this entry cannot be deleted; others can.
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  delete(key: ArchiveKey, options?: AbortOptions): Promise<void>;

  /**
   * Yields what is in the tree under `prefix` but is no file of the archive, or is one in the place
   * where the first version of chatloom put it, in any order. Strays are left as they are and what is
   * in them is not read; unfinished files are among them. Folders that cannot be read are skipped:
   * `list` names them.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  strays(prefix: string, options?: AbortOptions): AsyncIterable<Stray>;

  /**
   * The same store, in which the entries of `channel` that come and go by themselves, without `put` and
   * `delete`, are those of one moment: for listings that are compared, and reads that follow them. Only
   * for reading. Left out by stores that have no such entries.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  freeze?(channel: string): Promise<BatchStore>;

  /**
   * Resolves when the entries of `channel` that come by themselves are there that were due at the call. Left
   * out by stores that have no such entries.
   *
   * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
   */
  freshen?(channel: string): Promise<void>;
}
