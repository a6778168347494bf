import type { Chunk } from "../../ports/transport.ts";

/** The server's end of a connection. What sockets and in-memory connections have in common. */
export interface ServerLink {
  /** How much was sent that has not left yet. */
  readonly bufferedBytes: number;

  /** Sends one frame. Does nothing once the link is down. */
  send(chunk: Chunk): void;

  /** Ends the connection in good order, with a close frame. Twice is fine. */
  close(): void;

  /** Breaks the connection, without a close frame. Twice is fine. */
  destroy(): void;

  /** Leaves the connection open but neither reads nor answers any more, as if the network were gone. */
  silence(): void;
}

/** What the server wants to know of a link. */
export interface LinkListener {
  /** One frame came in. */
  received(text: string): void;

  /** The link is down, ended by either side. Called once. */
  gone(): void;
}

/**
 * What the server does with one who wants to connect: lets it in; does not answer its port; answers
 * with HTTP 503; lets it in and hangs up.
 */
export type Admission = "open" | "refused" | "unavailable" | "hang-up";
