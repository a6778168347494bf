/**
 * A server on `Deno.serve`, for Deno alone. It waits for ever for the headers of a request and
 * takes any number of connections (seen with 2.9): put it on a network behind a proxy that does
 * not, or take the server on `node:http`.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { HttpHandler, HttpListener } from "../../ports/http.ts";
import { parseListenAddress, toUrl } from "./listen_address.ts";

/** What is used of `Deno`. Named here, so that this file reads and checks in any runtime. */
interface DenoRuntime {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: (
      request: Request,
      facts: { readonly remoteAddr: { readonly hostname?: string } },
    ) => Promise<Response>,
  ): {
    readonly addr: { readonly hostname: string; readonly port: number };
    shutdown(): Promise<void>;
  };
}

const GRACE_MS = 5_000;
/** What is broken off is told so within this, or never. */
const LAST_WORDS_MS = 500;

/**
 * Serves `handler` over HTTP/1.1 and HTTP/2.
 *
 * @throws {RangeError} when `listen` is no address.
 * @throws {TypeError} when this is not Deno.
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export function denoServer(
  handler: HttpHandler,
  { listen }: { readonly listen: string },
): HttpListener {
  const runtime = (globalThis as { readonly Deno?: DenoRuntime })["Deno"];
  if (runtime === undefined) throw new TypeError("Cannot serve: this is not Deno");
  const running = new Set<() => void>();
  let server;
  try {
    server = runtime.serve({
      ...parseListenAddress(listen),
      onListen() {},
      onError: () => new Response("Something went wrong here", { status: 500 }),
    }, (request, { remoteAddr }) => {
      const caller = { address: remoteAddr.hostname ?? "unknown" };
      return breakable(handler(request, caller), running);
    });
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new ChatloomError("CONNECTION_LOST", `Cannot listen on "${listen}"`, { cause });
  }
  const { addr } = server;
  return {
    url: toUrl({ address: addr.hostname, port: addr.port }),
    async close({ graceMs = GRACE_MS } = {}) {
      // Once it shuts down, Deno waits for what runs, and for half a request, for as long as it
      // takes (seen with 2.9).
      const shutdown = server.shutdown();
      const isDown = await Promise.race([shutdown.then(() => true), delay(graceMs)]);
      if (isDown) return;
      for (const breakOff of running) breakOff();
      await Promise.race([shutdown, delay(LAST_WORDS_MS)]);
    },
  };
}

/** Resolves after `ms`, and keeps no process alive for it. */
async function delay(ms: number): Promise<false> {
  await sleep(ms, undefined, { ref: false });
  return false;
}

/** The same response, which can be broken off by what it puts into `running` while it runs. */
function breakable(answering: Promise<Response>, running: Set<() => void>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(new Response("Stopping", { status: 503 }));
    running.add(giveUp);
    answering.finally(() => running.delete(giveUp)).then((response) => {
      const { body, status, headers } = response;
      if (body === null) return resolve(response);
      resolve(new Response(breakableBody(body, running), { status, headers }));
    }).catch(reject);
  });
}

function breakableBody(
  body: ReadableStream<Uint8Array>,
  running: Set<() => void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let breakOff = () => {};
  return new ReadableStream({
    start(controller) {
      breakOff = () => {
        controller.error(new Error("Cannot send on: the server stops"));
        reader.cancel().catch(() => {}); // It has ended then.
      };
      running.add(breakOff);
    },
    async pull(controller) {
      try {
        const step = await reader.read();
        if (!step.done) return controller.enqueue(step.value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      running.delete(breakOff);
    },
    async cancel(reason) {
      running.delete(breakOff);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
