import type { Chunk } from "../../ports/transport.ts";

/** The server's end of a connection. What sockets and in-memory connections have in common. */
export interface ServerLink {
  /** How many bytes wait to leave. */
  readonly bufferedBytes: number;

  /** Sends one frame. Does nothing once the link is down. */
  send(chunk: Chunk): void;

  /** Ends the connection with a close frame. A second call does nothing. */
  close(): void;

  /** Breaks the connection, without a close frame. A second call does nothing. */
  destroy(): void;

  /** Leaves the connection open but stops reading and answering, as if the network were gone. */
  silence(): void;
}

/** Hears the events of a link. */
export interface LinkListener {
  /** One frame came in. */
  received(text: string): void;

  /** The link is down, ended by either side. Called once. */
  gone(): void;
}

/**
 * What the server does with a client that connects: accepts; refuses the connection; answers
 * with HTTP 503; accepts and closes.
 */
export type Admission = "open" | "refused" | "unavailable" | "hang-up";
