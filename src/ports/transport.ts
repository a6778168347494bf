import type { AbortOptions } from "./batch_store.ts";

/** A frame from a connection: text as a string, binary as bytes. */
export type Chunk = string | Uint8Array;

/** One open connection to a chat server. */
export interface Connection {
  /**
   * Yields all frames in order, also those that came before the iteration began.
   * Ends when the other side closed the connection; throws `CONNECTION_LOST` when it broke; either
   * way after all received frames. Iterated once.
   */
  readonly incoming: AsyncIterable<Chunk>;

  /** Sends one frame of text. Does nothing once the connection is down. */
  send(text: string): void;

  /**
   * Closes at once, without waiting for the other side. `incoming` still yields the frames that came
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
