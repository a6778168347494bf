// The page's other thread: everything that takes long, on the files that were handed over. Runs as a
// classic script from a Blob, so nothing in it may be exported.
import { bestHasher } from "../adapters/web_crypto_hasher.ts";
import type { PageCalls } from "./page_calls.ts";
import { Shelf } from "./sources/shelf.ts";
import { answer } from "./wire/answerer.ts";
import type { Port, Request, Response } from "./wire/wire.ts";

async function begin(): Promise<void> {
  // What the page asks meanwhile waits here: a worker's first messages must find a listener.
  const port = globalThis as unknown as Port<Request, Response>;
  const early: MessageEvent<Request>[] = [];
  const hold = (event: MessageEvent<Request>): void => void early.push(event);
  port.addEventListener("message", hold);
  const shelf = new Shelf(await bestHasher());
  (globalThis as unknown as EventTarget).removeEventListener("message", hold as never);
  answer<PageCalls>(port, {
    addSource: (input, options) => shelf.add(input, options),
    removeSource: (id) => shelf.remove(id),
    compare: (_, options) => shelf.compare(options),
    merge: (_, options) => shelf.merge(options),
    zip: (colon, options) => shelf.zip(colon, options),
    save: (folder, options) => shelf.save(folder, options),
  });
  for (const { data } of early) {
    (globalThis as unknown as EventTarget).dispatchEvent(new MessageEvent("message", { data }));
  }
}

void begin();
