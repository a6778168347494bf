import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseHour } from "../../../core/archive/archive_key.ts";
import { firstFolderOf } from "../../../core/archive/first_layout.ts";
import { Lru } from "../../../core/lru.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { FolderVersions } from "../../../ports/index/folder_versions.ts";

/** A year of one channel, or some hours of each of a thousand. */
const FOLDERS_MAX = 16_384;
/** About 100 bytes each. */
const KEYS_MAX = 262_144;

/**
 * The same store, which remembers the listings of hours and of redactions as long as `versions` promises that the
 * folder has the same files. To read one hour of a log, readers list it, and those beside it, a dozen times over: each look at
 * a version costs a tenth of a listing. Keeps every promise of `store`.
 */
export function rememberedListings(store: BatchStore, versions: FolderVersions): BatchStore {
  const known = new Lru<string, Listing>({
    countMax: FOLDERS_MAX,
    costMax: KEYS_MAX,
    costOf: ({ keys }) => keys.length,
  });
  const versionOf = async (folder: string): Promise<string> => {
    const first = firstFolderOf(folder);
    const found = await versions.of(first === undefined ? [folder] : [folder, first]);
    return found.includes("") ? "" : found.join(" ");
  };
  return {
    async *list(prefix, options) {
      const folder = fileFolderOf(prefix);
      const version = folder && await versionOf(folder);
      if (folder === undefined || !version) return yield* store.list(prefix, options);
      options?.signal?.throwIfAborted();
      const same = known.get(folder);
      if (same?.version === version) {
        for (const key of same.keys) if (key.startsWith(prefix)) yield key;
        return;
      }
      const keys: ArchiveKey[] = [];
      // Where it cannot be read whole, this throws, and nothing is remembered.
      for await (const key of store.list(`${folder}/`, options)) {
        keys.push(key);
        if (key.startsWith(prefix)) yield key;
      }
      // The version was read before the names: a change in between makes it another one.
      known.set(folder, { version, keys });
    },
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    put: (key, bytes, options) => store.put(key, bytes, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    ...(store.freeze === undefined ? {} : { freeze: (channel) => store.freeze!(channel) }),
    ...(store.freshen === undefined ? {} : { freshen: (channel) => store.freshen!(channel) }),
  };
}

interface Listing {
  readonly version: string;
  /** Ascending. */
  readonly keys: readonly ArchiveKey[];
}

/** The only folder in which keys with a prefix are: of an hour, or of redactions; `undefined` if they may be in others. */
function fileFolderOf(prefix: string): string | undefined {
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
  const match = FILE_FOLDER.exec(folder);
  if (match === null) return undefined;
  const hour = match[1] ?? match[2];
  return hour === undefined || parseHour(hour) !== undefined ? folder : undefined;
}

const FILE_FOLDER = /^[^/]+\/(?:chat\/([^/]+)|\.chatloom\/(?:coverage\/([^/]+)|redactions))$/;
