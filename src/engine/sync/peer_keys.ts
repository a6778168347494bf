import { type ArchiveKey, type ArchiveKeyParts, parseArchiveKey } from "../../core/archive_key.ts";

/** A file that a peer says it has. */
export interface PeerFile {
  readonly key: ArchiveKey;
  readonly parts: ArchiveKeyParts;
}

/** What became of a list of names. */
export interface PeerFiles {
  /** Those that name a file of that folder, each once, ascending. */
  readonly files: readonly PeerFile[];
  /** How many do not. */
  readonly refusedCount: number;
}

/**
 * Reads the names that a peer gave for a folder. A name is never joined into a path: it is part of a
 * key that means a file of this very folder, or it is nothing.
 */
export function readPeerNames(folder: string, names: readonly string[]): PeerFiles {
  const files = new Map<ArchiveKey, ArchiveKeyParts>();
  let refusedCount = 0;
  for (const name of names) {
    const key = `${folder}/${name}`;
    const parts = name.includes("/") ? undefined : parseArchiveKey(key);
    if (parts === undefined) refusedCount++;
    else files.set(key, parts);
  }
  const sorted = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  return { files: sorted.map(([key, parts]) => ({ key, parts })), refusedCount };
}
