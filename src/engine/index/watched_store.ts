import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";

/** The same store, which tells of each file that it stored or deleted. Keeps every promise of `store`. */
export function watchedStore(store: BatchStore, onChanged: (key: ArchiveKey) => void): BatchStore {
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    async put(key, bytes, options) {
      await store.put(key, bytes, options);
      onChanged(key);
    },
    async delete(key, options) {
      await store.delete(key, options);
      onChanged(key);
    },
  };
}
