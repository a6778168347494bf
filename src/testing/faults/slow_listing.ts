import type { BatchStore } from "../../ports/batch_store.ts";

/**
 * The same store with slow listings, like those of a large folder: names are found one by one,
 * with a `pause` before each, and each stands for the moment at which it was found. What is added
 * behind the listing is missed, a name that is deleted before it is reached is missed too. That is the least
 * that {@link BatchStore.list} promises, so every reader of a store must cope with it.
 *
 * @param pause called before each name, and once more at the end; the next is found when it resolves.
 * Errors of `inner` and of `pause` go to the caller.
 */
export function slowListing(inner: BatchStore, pause: () => Promise<void>): BatchStore {
  return {
    list: (prefix, abort) => oneByOne(() => inner.list(prefix, abort), pause),
    folders: (folder, abort) => oneByOne(() => inner.folders(folder, abort), pause),
    strays: (prefix, abort) => inner.strays(prefix, abort),
    get: (key, abort) => inner.get(key, abort),
    put: (key, bytes, abort) => inner.put(key, bytes, abort),
    delete: (key, abort) => inner.delete(key, abort),
  };
}

async function* oneByOne(
  list: () => AsyncIterable<string>,
  pause: () => Promise<void>,
): AsyncGenerator<string> {
  let last = "";
  while (true) {
    await pause();
    const next = await firstAfter(list(), last);
    if (next === undefined) return;
    last = next;
    yield next;
  }
}

async function firstAfter(names: AsyncIterable<string>, last: string): Promise<string | undefined> {
  for await (const name of names) if (name > last) return name;
  return undefined;
}
