// `ws`, because Node 20 has no WebSocket of its own; it keeps to the browsers' API.
import { WebSocket } from "ws";
import type { Transport } from "../../ports/transport.ts";
import {
  UNREAD_MAX,
  type WebSocketLike,
  webSocketTransport,
  type WebSocketTransportOptions,
} from "./websocket_transport.ts";

/** How long a server may take to answer our good-bye before the socket is destroyed. */
const CLOSE_PATIENCE_MS = 2_000;

/** Connections over the npm package `ws`. Not for browsers. */
export function wsTransport(options: Pick<WebSocketTransportOptions, "unreadMax"> = {}): Transport {
  return webSocketTransport({ ...options, WebSocket: NodeWebSocket });
}

/** Connections over the runtime's WebSocket, or over `ws` where there is none. Not for browsers. */
export function runtimeTransport(): Transport {
  return "WebSocket" in globalThis ? webSocketTransport() : wsTransport();
}

// Not in the types of `ws` yet, so not written where they would look at each field.
const OPTIONS = {
  closeTimeout: CLOSE_PATIENCE_MS,
  maxPayload: UNREAD_MAX,
  perMessageDeflate: false, // Buffers for every connection, to save little on short lines.
};

// As `WebSocketLike` says, but for types: `ws` names each event's listener, the standard does not.
const NodeWebSocket = class extends WebSocket {
  constructor(url: string) {
    super(url, OPTIONS);
  }
} as unknown as new (url: string) => WebSocketLike;
