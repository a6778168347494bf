import {
  serveWebSocket,
  type WebSocketPeer,
} from "../../../src/adapters/websocket/websocket_server.ts";

/** A chat server of one channel, in which a test speaks. */
export interface ChatServer {
  readonly url: string;
  /** How many clients are in. */
  readonly joinedCount: number;
  /** Sends lines to all clients that are in. */
  say(...lines: readonly string[]): void;
  close(): Promise<void>;
}

/** Serves `channel` to clients that join it. */
export async function serveChat(channel: string): Promise<ChatServer> {
  const joined = new Set<WebSocketPeer>();
  const listener = await serveWebSocket({
    accept: (peer) => ({
      received(text) {
        for (const line of text.split("\r\n")) {
          const nick = /^NICK (\S+)/.exec(line)?.[1];
          if (nick !== undefined) peer.send(`:tmi.twitch.tv 001 ${nick} :Welcome, GLHF!\r\n`);
          if (line.startsWith("PING")) peer.send(`:tmi.twitch.tv PONG tmi.twitch.tv\r\n`);
          if (line.startsWith("PART ") && line.includes(`#${channel}`)) joined.delete(peer);
          if (!line.startsWith("JOIN ") || !line.includes(`#${channel}`)) continue;
          peer.send(`@room-id=1 :tmi.twitch.tv ROOMSTATE #${channel}\r\n`);
          joined.add(peer);
        }
      },
      gone: () => void joined.delete(peer),
    }),
  });
  return {
    url: listener.url,
    get joinedCount() {
      return joined.size;
    },
    say(...lines) {
      for (const peer of joined) peer.send(lines.map((line) => `${line}\r\n`).join(""));
    },
    close: () => listener.close(),
  };
}
