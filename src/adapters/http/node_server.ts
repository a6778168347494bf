/**
 * A server on `node:http`, which Deno has too. `Deno.serve` waits for ever for the headers of a
 * request, knows no bound on connections, and shows no socket whose caller takes nothing.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Caller, HttpHandler, HttpListener } from "../../ports/http.ts";
import { ConnectionLimits } from "./connection_limits.ts";
import { parseListenAddress, toUrl } from "./listen_address.ts";

/** How a server listens. */
export interface ServeOptions {
  /** `HOST:PORT`, `[::1]:PORT` or `:PORT` for loopback; port 0 for one that is free. */
  readonly listen: string;
  /** Further connections may request {@link ServeOptions.alwaysPath} only. @default 4096 */
  readonly connectionsMax?: number | undefined;
  /** The same bound for one address. @default a quarter of `connectionsMax` */
  readonly connectionsPerAddressMax?: number;
  /** Whether many clients share an address, as those of a proxy do: it may take all connections. */
  readonly isShared?: (address: string) => boolean;
  /** A path that is answered also when all connections are taken. @default "/healthz" */
  readonly alwaysPath?: string;
  /** The client must take the end of a response within this time, in milliseconds. @default 20000 */
  readonly stallTimeoutMs?: number;
  /** A request's headers must come within this time, in milliseconds. @default 10 s */
  readonly headersTimeoutMs?: number;
  /** A connection that is idle for this long is broken off, in milliseconds. @default 60 s */
  readonly idleTimeoutMs?: number;
}

const HEADERS_MAX_BYTES = 16 * 1024;
const GRACE_MS = 5_000;

/**
 * Serves `handler` over HTTP/1.1.
 *
 * @throws {RangeError} when `listen` is no address.
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function nodeServer(
  handler: HttpHandler,
  options: ServeOptions,
): Promise<HttpListener> {
  const { hostname, port } = parseListenAddress(options.listen);
  const headersTimeoutMs = options.headersTimeoutMs ?? 10_000;
  const idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
  const { alwaysPath = "/healthz", stallTimeoutMs = 20_000 } = options;
  /** Connections whose clients wait for the server, not the reverse. */
  const waiting = new Set<Socket>();
  const room = new ConnectionLimits(options);
  const server = createServer({
    maxHeaderSize: HEADERS_MAX_BYTES,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 2 * headersTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs / 2),
    keepAliveTimeout: 15_000,
  }, (incoming, outgoing) => {
    if (room.isReserved(incoming.socket)) {
      if (incoming.url !== alwaysPath) return void incoming.socket.destroy();
      outgoing.setHeader("connection", "close");
    }
    answer(handler, incoming, { outgoing, waiting, stallTimeoutMs })
      .catch(() => incoming.socket.destroy()); // The caller is gone.
  });
  server.on("connection", (socket: Socket) => room.add(socket));
  server.setTimeout(idleTimeoutMs, (socket: Socket) => {
    if (waiting.has(socket)) socket.setTimeout(idleTimeoutMs);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new ChatloomError("CONNECTION_LOST", `Cannot listen on "${options.listen}"`, { cause }),
      ));
    server.listen(port, hostname, resolve);
  });
  server.on("error", () => {}); // Of single connections: their requests end by themselves.
  let closing: Promise<void> | undefined;
  return {
    url: toUrl(server.address() as AddressInfo),
    close: ({ graceMs = GRACE_MS } = {}) => closing ??= close(server, graceMs),
  };
}

async function close(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  } finally {
    clearTimeout(timer);
  }
}

async function answer(
  handler: HttpHandler,
  incoming: IncomingMessage,
  { outgoing, waiting, stallTimeoutMs }: {
    readonly outgoing: ServerResponse;
    readonly waiting: Set<Socket>;
    readonly stallTimeoutMs: number;
  },
): Promise<void> {
  const request = toRequest(incoming);
  if (request === undefined) {
    outgoing.writeHead(400, { "content-type": "text/plain; charset=utf-8", connection: "close" });
    outgoing.end("Cannot read the request");
    return;
  }
  const { socket } = incoming;
  waiting.add(socket);
  const response = await handler(request, callerOf(socket, outgoing))
    .finally(() => waiting.delete(socket));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  await send(response.body, outgoing, incoming.socket);
  // The rest is in memory, and the body that paced it has ended.
  const timer = setTimeout(() => incoming.socket.destroy(), stallTimeoutMs);
  outgoing.once("finish", () => clearTimeout(timer));
  outgoing.once("close", () => clearTimeout(timer));
  if (outgoing.writableFinished || outgoing.destroyed) clearTimeout(timer);
}

/** The caller. Its signal is made for the few routes that ask for it: Node takes as long for one as for a request. */
function callerOf(socket: Socket, outgoing: ServerResponse): Caller {
  let leaving: AbortController | undefined;
  return {
    address: socket.remoteAddress ?? "unknown",
    get signal() {
      if (leaving !== undefined) return leaving.signal;
      const { signal } = leaving = new AbortController();
      const abort = leaving.abort.bind(leaving);
      const leave = () => {
        if (!outgoing.writableFinished) abort();
      };
      if (outgoing.destroyed) leave();
      else outgoing.once("close", leave);
      return signal;
    },
  };
}

/** Methods whose requests have a body that a route may read. The gate bounds it. */
const WITH_BODY: ReadonlySet<string> = new Set(["PUT", "POST", "DELETE"]);

/** Sends a body as fast as the caller takes it; ends it when the caller is gone. */
async function send(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  socket: Socket,
): Promise<void> {
  const reader = body.getReader();
  let wake = () => {};
  const onMove = () => wake();
  outgoing.on("drain", onMove);
  outgoing.on("close", () => {
    wake();
    // Also while a chunk is being read: its source must end at once.
    reader.cancel().catch(() => {});
  });
  // A body may also fail while the server waits for the client: the body times out a slow client.
  // Half a response must not look like a whole one; the source of the body has reported why it failed.
  reader.closed.catch(() => {
    socket.destroy();
    wake();
  });
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      if (outgoing.destroyed || socket.destroyed) return;
      if (outgoing.write(step.value)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (outgoing.destroyed || !outgoing.writableNeedDrain) resolve();
      });
    }
    outgoing.end();
  } catch {
    socket.destroy();
  }
}

/** The request as a web `Request`; `undefined` if it has no such form. */
function toRequest(incoming: IncomingMessage): Request | undefined {
  const { method = "GET", url = "/", headers } = incoming;
  try {
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
      pairs.push([incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!]);
    }
    // Only a path: a whole URL is a request to a proxy.
    if (!url.startsWith("/")) return undefined;
    const target = new URL(`http://${headers.host ?? "localhost"}`);
    const body = WITH_BODY.has(method) ? { body: bodyOf(incoming), duplex: "half" } : {};
    // As text after the host: a path that starts with // must not name another host.
    return new Request(
      `${target.origin}${url}`,
      { method, headers: pairs, ...body } as RequestInit,
    );
  } catch {
    return undefined; // A host, a header or a method (TRACE) that the web does not have.
  }
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream({
    async pull(controller) {
      const step = await chunks.next();
      if (step.done) controller.close();
      else controller.enqueue(new Uint8Array(step.value));
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}
