import type { AbortOptions } from "./batch_store.ts";

/** A channel of a log server. */
export interface LoggedChannel {
  readonly login: string;
  /** The room's id: digits. */
  readonly id: string;
}

/** A day of a log server's own calendar. */
export interface LogDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A server that gives its logs out as rustlog and justlog do. What it answers is hostile input. */
export interface LogServer {
  /** Its address, without user and password. */
  readonly name: string;

  /**
   * The channels that it logs.
   *
   * @throws {ChatloomError} `PEER_REFUSED` when it answers something else; `CONNECTION_LOST` when it does not.
   */
  channels(options?: AbortOptions): Promise<readonly LoggedChannel[]>;

  /**
   * The days of which it has logs of a channel, in ascending order.
   *
   * @throws {ChatloomError} as {@link LogServer.channels}
   */
  days(channel: LoggedChannel, options?: AbortOptions): Promise<readonly LogDay[]>;

  /**
   * The raw lines of a day. Nothing if there are none.
   *
   * @throws {ChatloomError} as {@link LogServer.channels}, also midway.
   */
  lines(
    channel: LoggedChannel,
    day: LogDay,
    options?: AbortOptions,
  ): AsyncIterable<Uint8Array>;
}
