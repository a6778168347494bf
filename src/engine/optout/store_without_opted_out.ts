import { isChannelName } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { OptOuts } from "./opt_outs.ts";

/**
 * The same store, for reading, without the folders of channels that have opted out: they are not listed, and
 * nothing is in them. Who has opted out is asked at each call.
 */
export function storeWithoutOptedOut(
  store: BatchStore,
  optOuts: Pick<OptOuts, "isChannelNameOptedOut">,
): BatchStore {
  const isHidden = (path: string) => {
    const [channel = ""] = path.split("/", 1);
    return isChannelName(channel) && optOuts.isChannelNameOptedOut(channel);
  };
  // A prefix may end within a name: each item is asked as well.
  async function* shown<T>(items: AsyncIterable<T>, pathOf: (item: T) => string) {
    for await (const item of items) if (!isHidden(pathOf(item))) yield item;
  }
  const freeze = store.freeze?.bind(store);
  const freshen = store.freshen?.bind(store);
  return {
    list: (prefix, options) => shown(store.list(prefix, options), (key) => key),
    folders: (folder, options) =>
      shown(store.folders(folder, options), (name) => folder === "" ? name : folder),
    get: (key, options) => isHidden(key) ? Promise.resolve(undefined) : store.get(key, options),
    put: (key, bytes, options) => store.put(key, bytes, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => shown(store.strays(prefix, options), ({ path }) => path),
    ...(freeze === undefined ? {} : {
      freeze: async (channel: string) => storeWithoutOptedOut(await freeze(channel), optOuts),
    }),
    ...(freshen === undefined ? {} : { freshen }),
  };
}
