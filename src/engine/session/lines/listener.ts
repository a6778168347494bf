import type { ParsedLine } from "../../../core/irc/irc_line.ts";

/** One line as it came, and parsed. */
export type ReceivedLine =
  | {
    readonly isPiece: false;
    /** The line without its CR LF. */
    readonly line: string;
    /** The parsed line. */
    readonly parsed: ParsedLine;
    /** Whether its channel was never joined on this connection: then it is not archived. */
    readonly isUnasked: boolean;
  }
  | {
    /** Whether it is a part of a line that is too long. It may look like a line. */
    readonly isPiece: true;
    readonly line: string;
    readonly parsed?: undefined;
  };

/**
 * Receives the lines of a pool of connections: the recorder.
 *
 * All three return at once, without waiting for a disk or a network. They must not throw: that is a
 * bug and stops the pool, whose `run` rejects with it.
 */
export interface ChatListener {
  /** A connection is open. `receiver` is its id, unique for ever: `<run name>.<n>`. */
  opened(receiver: string): void;

  /**
   * Lines that came in together, in order; at least one. A PING among them
   * is answered after the call returned, so an answered PING proves that all lines before it were
   * taken. A promise says that they are not safe yet: a PING is answered when it has resolved. It must
   * not reject, and must resolve within seconds.
   */
  received(receiver: string, lines: readonly ReceivedLine[]): Promise<void> | void;

  /** The connection is gone. `fragment` is its unfinished last line, if there is one. */
  closed(receiver: string, fragment: string | undefined): void;
}
