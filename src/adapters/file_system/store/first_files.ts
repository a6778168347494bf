import { join } from "node:path";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { keyOfFirstPath, OLD_REDACTIONS } from "../../../core/archive/first_layout.ts";
import { entriesOf, type Entry, isRealFolder } from "./archive_walk.ts";
import type { FileCalls } from "../calls/file_calls.ts";

/** Moves files from where the first version put them to where they belong. */
export interface FirstFilesMover {
  /** Moves the file of that key; rejects where that cannot be done. */
  move(key: ArchiveKey): Promise<void>;
  /** Removes what crashed writers left among `entries` of the folder `path`. */
  sweep(path: string, entries: readonly Entry[]): Promise<void>;
}

/**
 * The keys of the files that are in `folder` and that the first version put there, ascending. They are
 * moved if there is a `mover`; a file that cannot be moved stays, and `strays` lists it. A key that is
 * moved by another process at this moment may be missing: list where it belongs afterwards.
 */
export async function firstFilesIn(
  folder: string,
  { calls, root, mover }: {
    readonly calls: FileCalls;
    readonly root: string;
    readonly mover: FirstFilesMover | undefined;
  },
): Promise<readonly ArchiveKey[]> {
  const path = join(root, folder);
  const isReal = () => isRealFolder(calls, { root, folder: folder.split("/") });
  const isRedactions = folder.endsWith(`/${OLD_REDACTIONS}`);
  if (isRedactions && !(await isReal())) return []; // The usual case.
  const entries = await entriesOf(calls, path);
  // An entry of any kind under the name of a file: reading it gives the verdict on it.
  const keys = entries.flatMap(({ name }) => keyOfFirstPath(`${folder}/${name}`) ?? []).sort();
  // An hour's folder is here for its batches: only what is found in it is worth another look.
  if (!isRedactions && (keys.length === 0 || !(await isReal()))) return [];
  if (mover === undefined) return keys;
  for (const key of keys) await mover.move(key).catch(() => {});
  if (isRedactions) {
    // Software that shares the archive takes every folder there for an hour. It stays if it is not empty.
    await mover.sweep(path, entries);
    await calls.removeFolder(path).catch(() => {});
  }
  return keys;
}
