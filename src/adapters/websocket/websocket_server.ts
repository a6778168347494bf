/**
 * A WebSocket server for Deno and Node, in place of Twitch's. `ws`, because neither
 * runtime has a server that both run, and Node 20 has no WebSocket at all.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Chunk } from "../../ports/transport.ts";

/** The server's end of one connection. */
export interface WebSocketPeer {
  /** How many bytes wait to leave. */
  readonly bufferedBytes: number;
  /** Sends one frame: of text for a string, else binary. Does nothing once the connection is down. */
  send(chunk: Chunk): void;
  /** Ends the connection with a close frame, and without one if the client does not answer it. */
  close(): void;
  /** Breaks the connection at once. */
  destroy(): void;
  /** Stops reading and answering, also close frames, but leaves the connection open. */
  silence(): void;
}

/** The events of one connection. */
export interface WebSocketPeerListener {
  /** One frame came in; bytes are taken for UTF-8. */
  received(text: string): void;
  /** The connection is down, ended by either side. Called once. */
  gone(): void;
}

/** How a {@link WebSocketListener} treats connections. */
export interface WebSocketServerOptions {
  /** The address to listen on. @default 127.0.0.1 */
  readonly hostname?: string | undefined;
  /** The port; 0 for a free one. @default 0 */
  readonly port?: number | undefined;
  /** The fate of the next connection: broken off, HTTP 503, accepted and closed, or accepted. */
  readonly admit?: () => "open" | "refused" | "unavailable" | "hang-up";
  /** Accepts a connection. */
  readonly accept: (peer: WebSocketPeer) => WebSocketPeerListener;
}

/** A server that listens. */
export interface WebSocketListener {
  /** Where: `ws://127.0.0.1:34567`. */
  readonly url: string;
  /** Breaks all connections and stops listening. A second call does nothing. */
  close(): Promise<void>;
}

const FRAME_MAX_BYTES = 64 * 1024;
const CLOSE_PATIENCE_MS = 2_000;

/**
 * Starts a server.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function serveWebSocket(options: WebSocketServerOptions): Promise<WebSocketListener> {
  const { hostname = "127.0.0.1", port = 0, admit = () => "open" as const } = options;
  const http = createServer((_request, response) => {
    response.writeHead(426, { connection: "close" }).end("This is a WebSocket server\n");
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false, // On loopback it saves nothing.
    maxPayload: FRAME_MAX_BYTES,
    clientTracking: true,
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on("error", () => socket.destroy()); // The client went away midway.
    const admission = admit();
    if (admission === "refused") return void socket.destroy();
    if (admission === "unavailable") {
      return void socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
    }
    // deno-lint-ignore no-explicit-any -- ws wants Node's Buffer type, which is what comes.
    sockets.handleUpgrade(request, socket, head as any, (webSocket) => {
      takeIn(webSocket, options);
      if (admission === "hang-up") webSocket.close();
    });
  });
  await listen(http, { hostname, port });
  const { port: chosen } = http.address() as AddressInfo;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `ws://${host}:${chosen}`,
    close: () => closeAll(http, sockets),
  };
}

function takeIn(webSocket: WebSocket, { accept }: WebSocketServerOptions): void {
  let isSilent = false;
  const listener = accept({
    get bufferedBytes(): number {
      return webSocket.bufferedAmount;
    },
    send(chunk: Chunk): void {
      if (webSocket.readyState === webSocket.OPEN && !isSilent) webSocket.send(chunk);
    },
    close(): void {
      webSocket.close();
      const patience = setTimeout(() => webSocket.terminate(), CLOSE_PATIENCE_MS);
      webSocket.once("close", () => clearTimeout(patience));
    },
    destroy: () => webSocket.terminate(),
    silence(): void {
      isSilent = true;
      webSocket.pause();
    },
  });
  webSocket.on("message", (frame: RawData) => listener.received(textOf(frame)));
  webSocket.on("error", () => webSocket.terminate()); // "close" follows and tells of it.
  webSocket.once("close", () => listener.gone());
}

const decoder = new TextDecoder();

function textOf(frame: RawData): string {
  return Array.isArray(frame)
    ? frame.map((part) => decoder.decode(part)).join("")
    : decoder.decode(frame);
}

function listen(http: Server, address: { hostname: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", (cause) => {
      const where = `${address.hostname}:${address.port}`;
      reject(new ChatloomError("CONNECTION_LOST", `Cannot listen on ${where}`, { cause }));
    });
    http.listen(address.port, address.hostname, resolve);
  });
}

function closeAll(http: Server, sockets: WebSocketServer): Promise<void> {
  for (const webSocket of sockets.clients) webSocket.terminate();
  sockets.close();
  return new Promise((resolve) => {
    if (!http.listening) return resolve();
    http.close(() => resolve());
    http.closeAllConnections();
  });
}
