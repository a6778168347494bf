// The page's other thread: all long work on the open files. Runs as a
// classic script from a Blob, so nothing in it may be exported.
import { bestHasher } from "../adapters/hashers/web_crypto_hasher.ts";
import type { PageCalls } from "./reading/page_calls.ts";
import { Readers } from "./reading/readers.ts";
import { SourceCollection } from "./sources/source_collection.ts";
import { serveRpc } from "./rpc/rpc_server.ts";
import type { Port, Request, Response } from "./rpc/rpc_messages.ts";

function serveCalls(): void {
  const ready = bestHasher().then((hasher) => {
    const collection = new SourceCollection(hasher);
    return { collection, readers: new Readers(collection, hasher) };
  });
  serveRpc<PageCalls>(globalThis as unknown as Port<Request, Response>, {
    addSource: async (input, options) => (await ready).collection.add(input, options),
    removeSource: async (id) => (await ready).collection.remove(id),
    compare: async (_, options) => (await ready).collection.compare(options),
    merge: async (_, options) => (await ready).collection.merge(options),
    zip: async (colon, options) => (await ready).collection.zip(colon, options),
    save: async (folder, options) => (await ready).collection.save(folder, options),
    ahead: async (request) => (await ready).readers.ahead(request),
    useNode: async (address, { signal }) => (await ready).readers.useNode(address, signal),
    channels: async (_, { signal }) => (await ready).readers.channels(signal),
    overview: async (channels, { signal }) => (await ready).readers.overview(channels, signal),
    span: async (channel, { signal }) => (await ready).readers.current.span(channel, signal),
    read: async (request, options) => (await ready).readers.current.read(request, options),
    search: async (request, options) => (await ready).readers.current.search(request, options),
    export: async (request, options) => (await ready).readers.current.export(request, options),
    follow: async (request, options) => (await ready).readers.current.follow(request, options),
    rows: async (request, { signal }) => (await ready).readers.current.rows(request, signal),
    locate: async (location, { signal }) => (await ready).readers.current.locate(location, signal),
    seconds: async ({ channel, ...span }, { signal }) =>
      (await ready).readers.current.seconds(channel, span, signal),
    coverage: async ({ channel, ...span }, { signal }) =>
      (await ready).readers.current.coverage(channel, span, signal),
    person: async (request, { signal }) => (await ready).readers.person(request, signal),
    namesOf: async (request, { signal }) => (await ready).readers.namesOf(request, signal),
    peers: async (_, { signal }) => (await ready).readers.peers(signal),
    comparePeer: async (request, options) => (await ready).readers.comparePeer(request, options),
    emotes: async (request, { signal }) => (await ready).readers.emotes(request, signal),
    picture: async (name, { signal }) => (await ready).readers.picture(name, signal),
    figures: async (request, options) => (await ready).readers.current.figures(request, options),
  });
}

serveCalls();
