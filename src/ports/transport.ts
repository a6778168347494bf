import type { AbortOptions } from "./batch_store.ts";

/** What came over a connection: text frames as strings, binary frames as bytes. */
export type Chunk = string | Uint8Array;

/** One open connection to a chat server. */
export interface Connection {
  /**
   * Yields what comes in, in order, from the first frame on, also what came before it was asked.
   * Ends when the other side closed in good order; throws `CONNECTION_LOST` when it broke; either
   * way after all that had come in. Iterated once.
   */
  readonly incoming: AsyncIterable<Chunk>;

  /** Sends one frame of text. Does nothing once the connection is down. */
  send(text: string): void;

  /**
   * Closes at once, without waiting for the other side. `incoming` still yields what had come in
   * before, then ends. Closing twice is fine.
   */
  close(): void;
}

/** Opens connections to a chat server. Implementations prove themselves with `transportSuite`. */
export interface Transport {
  /**
   * Resolves with an open connection.
   *
   * @throws {ChatloomError} `CONNECTION_LOST` if it cannot be opened, with what the runtime said.
   * Rejects with `signal.reason` when `signal` aborts first; nothing stays open then.
   */
  connect(url: string, options?: AbortOptions): Promise<Connection>;
}
