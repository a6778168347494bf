import { type UnreadableEntry, UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";

/**
 * The same store, whose listings continue where folders cannot be read: each such folder goes to
 * `onUnreadable`, as often as a listing meets it, and counts as empty. Of single files `get` gives
 * the verdict as before. A folder that looks empty here need not be empty.
 */
export function tolerantStore(
  store: BatchStore,
  onUnreadable: (entry: UnreadableEntry) => void,
): BatchStore {
  async function* tolerant<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      error.entries.forEach(onUnreadable);
    }
  }
  const freeze = store.freeze?.bind(store);
  const freshen = store.freshen?.bind(store);
  return {
    list: (prefix, options) => tolerant(store.list(prefix, options)),
    folders: (folder, options) => tolerant(store.folders(folder, options)),
    get: (key, options) => store.get(key, options),
    put: (key, bytes, options) => store.put(key, bytes, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    ...(freeze === undefined ? {} : {
      freeze: async (channel: string) => tolerantStore(await freeze(channel), onUnreadable),
    }),
    ...(freshen === undefined ? {} : { freshen }),
  };
}
