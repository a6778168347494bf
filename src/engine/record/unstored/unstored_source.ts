import type { Micros } from "../../../core/time.ts";

/** Messages of one minute of a channel that were received and are not stored yet. */
export interface UnstoredMinute {
  /** When the minute starts. */
  readonly minuteUs: Micros;
  /** With {@link UnstoredMinute.version}: what has the same of both has the same bytes. */
  readonly identity: object;
  /** Grows with each message. */
  readonly version: number;
  /**
   * The messages as a canonical batch, fresh for the caller: a promise where they must be read back, of
   * `undefined` where they are stored by now. To be called before anything else runs.
   *
   * @throws {ChatloomError} when a journal cannot be read.
   */
  snapshot(): Uint8Array | Promise<Uint8Array | undefined>;
}

/**
 * Where messages are that are not stored yet. A message that is stored leaves it only once the store
 * lists its file; in between it is in both, which merging makes one.
 */
export interface UnstoredSource {
  /** The channels that have such messages, in no order, maybe more than once. */
  channels(): Iterable<string>;
  /** The minutes of a channel, in no order; several may be of the same minute. */
  minutesOf(channel: string): Iterable<UnstoredMinute>;
}
