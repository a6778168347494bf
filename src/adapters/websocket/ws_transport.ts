// `ws`, because Node 20 has no WebSocket of its own, and that of later Nodes takes no proxy and hides why
// a connection failed; `ws` keeps to the browsers' API.
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import type { Transport } from "../../ports/transport.ts";
import { explainFailure, isNode } from "../proxy/connection_advice.ts";
import { type ProxyChoice, proxyFor } from "../proxy/proxy_choice.ts";
import {
  UNREAD_MAX,
  type WebSocketLike,
  webSocketTransport,
  type WebSocketTransportOptions,
} from "./websocket_transport.ts";

/** How long a server may take to answer a close frame before the socket is destroyed. */
const CLOSE_PATIENCE_MS = 2_000;

/** Connections over the npm package `ws`, through the proxy that the environment wants. Not for browsers. */
export function wsTransport(options: Pick<WebSocketTransportOptions, "unreadMax"> = {}): Transport {
  return webSocketTransport({ ...options, WebSocket: NodeWebSocket, explain: explainFailure });
}

/**
 * Connections over `ws` in Node, else over the runtime's WebSocket, through the proxy that the
 * environment wants: Deno's WebSocket finds that by itself. Not for browsers.
 */
export function runtimeTransport(): Transport {
  return isNode() || !("WebSocket" in globalThis)
    ? wsTransport()
    : webSocketTransport({ explain: explainFailure });
}

// Not in the types of `ws` yet, so not written where they would look at each field.
const OPTIONS = {
  closeTimeout: CLOSE_PATIENCE_MS,
  maxPayload: UNREAD_MAX,
  perMessageDeflate: false, // Compression buffers for every connection would save little on short lines.
};

// As `WebSocketLike` says, but for types: `ws` names each event's listener, the standard does not.
const NodeWebSocket = class extends WebSocket {
  constructor(url: string) {
    const proxy = isNode() ? proxyFor(url) : undefined;
    super(url, proxy === undefined ? OPTIONS : { ...OPTIONS, ...tunnelled(proxy, url) });
  }
} as unknown as new (url: string) => WebSocketLike;

type Connected = (error: Error | null, socket?: Socket) => void;

/** What `ws` hands to `node:http`: a socket that comes through a proxy. */
function tunnelled(proxy: ProxyChoice, url: string): object {
  const { hostname, protocol, port } = new URL(url);
  const isSecure = protocol === "wss:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const target = `${hostname}:${port || (isSecure ? 443 : 80)}`;
  return {
    createConnection(_options: ConnectionOptions, connected: Connected): void {
      open().then((socket) => connected(null, socket), connected);
    },
  };

  async function open(): Promise<Socket> {
    const { openTunnel } = await import("../proxy/node_proxy.ts");
    const socket = await openTunnel(proxy, target);
    if (!isSecure) return socket;
    return connectTls({ socket, host, servername: isIP(host) === 0 ? host : "" });
  }
}
