import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";

/** The result of reading a list of names. */
export interface PeerFiles {
  /** The keys of wanted files of that folder, each once, ascending. */
  readonly keys: readonly ArchiveKey[];
  /** How many name no file of that folder. */
  readonly refusedCount: number;
}

/** Which names {@link readPeerNames} returns. */
export interface ReadPeerNamesOptions {
  isWanted(key: ArchiveKey): boolean;
  /** At most this many. */
  readonly countMax: number;
}

/**
 * Reads the names that a peer listed for a folder. A name is never joined into a path: it is part of a
 * key of a file of this folder, or it is refused.
 */
export function readPeerNames(
  folder: string,
  names: readonly string[],
  { isWanted, countMax }: ReadPeerNamesOptions,
): PeerFiles {
  const keys = new Set<ArchiveKey>();
  let refusedCount = 0;
  for (const name of names) {
    const key = `${folder}/${name}`;
    if (name.includes("/") || parseArchiveKey(key) === undefined) refusedCount++;
    else if (keys.size < countMax && isWanted(key)) keys.add(key);
  }
  return { keys: [...keys].sort(), refusedCount };
}
