/**
 * A server on `Deno.serve`, for Deno alone. It waits for ever for the headers of a request and
 * takes any number of connections (seen with 2.9): put it on a network behind a proxy that does
 * not, or take the server on `node:http`.
 *
 * @module
 */
import { ChatloomError } from "../../core/errors.ts";
import type { HttpHandler, HttpListener } from "../../ports/http.ts";
import { parseListenAddress, toUrl } from "./listen_address.ts";

/** What is used of `Deno`. Named here, so that this file reads and checks in any runtime. */
interface DenoRuntime {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly signal: AbortSignal;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: (
      request: Request,
      facts: { readonly remoteAddr: { readonly hostname?: string } },
    ) => Promise<Response>,
  ): {
    readonly addr: { readonly hostname: string; readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
}

const GRACE_MS = 5_000;

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
  const stop = new AbortController();
  let server;
  try {
    server = runtime.serve(
      {
        ...parseListenAddress(listen),
        signal: stop.signal,
        onListen() {},
        onError: () => new Response("Something went wrong here", { status: 500 }),
      },
      (request, { remoteAddr }) => handler(request, { address: remoteAddr.hostname ?? "unknown" }),
    );
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new ChatloomError("CONNECTION_LOST", `Cannot listen on "${listen}"`, { cause });
  }
  const { addr, finished } = server;
  return {
    url: toUrl({ address: addr.hostname, port: addr.port }),
    async close({ graceMs = GRACE_MS } = {}) {
      const timer = setTimeout(() => stop.abort(), graceMs);
      try {
        await Promise.race([server.shutdown(), finished]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
