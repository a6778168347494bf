import type { BatchStore } from "../../ports/batch_store.ts";
import type { SupersededFiles } from "./state/superseded_files.ts";

/**
 * The same store, which notes deleted files. A file of an archive is deleted only when it is
 * obsolete: its messages stand in others, or a redaction applies. So it need not be fetched again.
 * Settling a synced archive goes through this store. Keeps every promise of `store`.
 */
export function rememberingStore(store: BatchStore, superseded: SupersededFiles): BatchStore {
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    put: (key, bytes, options) => store.put(key, bytes, options),
    strays: (prefix, options) => store.strays(prefix, options),
    async delete(key, options) {
      // Noted before it is deleted: a crash in between leaves a file that is there and noted, which does
      // no harm.
      await superseded.noteDeleted(key);
      await store.delete(key, options);
    },
  };
}
