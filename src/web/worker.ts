// The page's other thread: everything that takes long, on the files that were handed over. Runs as a
// classic script from a Blob, so nothing in it may be exported.
import { bestHasher } from "../adapters/hashers/web_crypto_hasher.ts";
import type { PageCalls } from "./reading/page_calls.ts";
import { Readers } from "./reading/readers.ts";
import { Shelf } from "./sources/shelf.ts";
import { answer } from "./wire/answerer.ts";
import type { Port, Request, Response } from "./wire/wire.ts";

function serveCalls(): void {
  const ready = bestHasher().then((hasher) => {
    const shelf = new Shelf(hasher);
    return { shelf, readers: new Readers(shelf, hasher) };
  });
  answer<PageCalls>(globalThis as unknown as Port<Request, Response>, {
    addSource: async (input, options) => (await ready).shelf.add(input, options),
    removeSource: async (id) => (await ready).shelf.remove(id),
    compare: async (_, options) => (await ready).shelf.compare(options),
    merge: async (_, options) => (await ready).shelf.merge(options),
    zip: async (colon, options) => (await ready).shelf.zip(colon, options),
    save: async (folder, options) => (await ready).shelf.save(folder, options),
    useNode: async (address, { signal }) => (await ready).readers.useNode(address, signal),
    channels: async (_, { signal }) => (await ready).readers.current.channels(signal),
    read: async (question, options) => (await ready).readers.current.read(question, options),
    rows: async (question, { signal }) => (await ready).readers.current.rows(question, signal),
    locate: async ({ channel, atUs }, { signal }) =>
      (await ready).readers.current.locate(channel, atUs, signal),
    seconds: async ({ channel, ...span }, { signal }) =>
      (await ready).readers.current.seconds(channel, span, signal),
    coverage: async ({ channel, ...span }, { signal }) =>
      (await ready).readers.current.coverage(channel, span, signal),
  });
}

serveCalls();
