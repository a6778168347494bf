import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { toDigestText } from "../../core/archive/digest_text.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Peer } from "../../ports/peer.ts";

/** How the files of a minute on two nodes differ. */
export interface MinuteDifference {
  /** Messages that the peer lacks. */
  readonly onlyHere: number;
  /** Messages that only the peer has. */
  readonly onlyThere: number;
  /** Files that could not be read on either side. */
  readonly uncountedFiles: number;
}

/** What {@link MinuteComparer} reads from. */
export interface MinuteComparerOptions {
  readonly store: BatchStore;
  readonly peer: Peer;
  readonly hasher: Hasher;
  readonly abort: AbortOptions;
}

/** A minute of the busiest channels has 5 MB; what is longer is left uncounted. */
const FILE_MAX_BYTES = 32 * 1024 * 1024;

/** Counts messages that only one of two nodes has. */
export class MinuteComparer {
  readonly #options: MinuteComparerOptions;
  #readBytes = 0;

  /** Reads nothing yet. */
  constructor(options: MinuteComparerOptions) {
    this.#options = options;
  }

  /** How many bytes were read so far, from both sides. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * Compares two lists of files of one minute. A file that is on both sides is read once.
   *
   * @throws {ChatloomError} when the store or the peer fails.
   */
  async compare(
    own: readonly ArchiveKey[],
    other: readonly ArchiveKey[],
  ): Promise<MinuteDifference> {
    const [here, there, both] = [new SightingSet(), new SightingSet(), new SightingSet()];
    const inOwn = new Set(own);
    let uncountedFiles = 0;
    for (const key of new Set([...own, ...other])) {
      const isOwn = inOwn.has(key);
      const bytes = isOwn ? await this.#readOwn(key) : await this.#readTheirs(key);
      const sets = [both, ...isOwn ? [here] : [], ...other.includes(key) ? [there] : []];
      // The sets keep the bytes, which do not change.
      const isAdded = bytes !== undefined && isReadable(bytes);
      if (!isAdded) uncountedFiles++;
      else for (const set of sets) set.add(bytes, { isOwned: true });
    }
    const all = countOf(both);
    return { onlyHere: all - countOf(there), onlyThere: all - countOf(here), uncountedFiles };
  }

  async #readOwn(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const { store, abort } = this.#options;
    const bytes = await store.get(key, abort);
    this.#readBytes += bytes?.length ?? 0;
    return bytes;
  }

  /** The bytes of a peer's file, if they are what its name says. */
  async #readTheirs(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const { peer, hasher, abort } = this.#options;
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch") return undefined;
    const pieces: Uint8Array[] = [];
    try {
      const chunks = await peer.read(key, { maxBytes: FILE_MAX_BYTES, ...abort });
      for await (const chunk of chunks ?? []) pieces.push(chunk.slice());
    } catch (error) {
      // It withholds this file, or has too much of it: the others still count.
      if (error instanceof ChatloomError && error.code === "PEER_REFUSED") return undefined;
      throw error;
    }
    const bytes = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
    this.#readBytes += bytes.length;
    const digest = toDigestText(await hasher.digest(bytes));
    return digest === toDigestText(parts.digest) ? bytes : undefined;
  }
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    new SightingSet().add(bytes, { isOwned: true });
    return true;
  } catch {
    return false; // What `verify` names.
  }
}

function countOf(set: SightingSet): number {
  return set.lines().length;
}
