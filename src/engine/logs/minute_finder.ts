import type { Micros } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";

/** A stretch of time: [`fromUs`, `untilUs`). */
export interface TimeSpan {
  /** Its first instant. */
  readonly fromUs: Micros;
  /** The instant after it. */
  readonly untilUs: Micros;
}

/** A stretch of time of a channel of the archive. */
export interface ChannelSpan extends TimeSpan {
  /** The channel, as it stands in keys. */
  readonly channel: string;
}

/** What a message must hold to be an answer. Parts that are left out ask for nothing. */
export interface MinuteQuestion extends TimeSpan {
  /** From the last minute back. */
  readonly isReversed: boolean;
  /** One of these users, by any of the ids or any of the logins (in lower case), in any role. */
  readonly person?: { readonly ids: readonly string[]; readonly logins: readonly string[] };
  /** All of these words, as `wordsOf` gives them. */
  readonly words?: readonly string[];
}

/** What an index knows, and where it knows nothing: there the archive has to be read. */
export interface Findings<T> {
  /** In no order. */
  readonly found: readonly T[];
  /** Hours that are not indexed as they stand now, or hold what an index does not keep; joined, ascending by channel. */
  readonly gaps: readonly ChannelSpan[];
}

/** A room under the login of a channel's folder, and when messages name it so. */
export interface RoomName {
  /** The channel, as it stands in keys: the room's login at that time. */
  readonly channel: string;
  /** The `room-id`. */
  readonly roomId: string;
  /** The start of the first message that has the id … */
  readonly firstUs: Micros;
  /** … and of the last one. */
  readonly lastUs: Micros;
}

/** A user under one login, and about when messages name the user so. */
export interface PersonSpan {
  /** The channel, as it stands in keys. */
  readonly channel: string;
  /** The user's id. */
  readonly id: string;
  /** In lower case. */
  readonly login: string;
  /** The first minute in which the channel names the user so … */
  readonly firstMinuteUs: Micros;
  /** … and the last one. */
  readonly lastMinuteUs: Micros;
}

/** How many messages of each command an hour of a channel holds. */
export interface HourCounts {
  /** When it starts. */
  readonly hourUs: Micros;
  /** By command; open minutes included. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Narrows questions about logs to minutes, by an index. Lines are read from the archive afterwards, so a finder
 * decides how fast an answer comes and never what it is: each minute that can hold an answer lies in a span
 * or a gap, also of hours that are not indexed, or changed since.
 *
 * Every call may reject with a `ChatloomError`; the caller then reads everything.
 */
export interface MinuteFinder {
  /** The hours of a channel that have files or minutes that are not stored yet, ascending. Such an hour may be empty. */
  hours(channel: string, options?: AbortOptions): Promise<readonly Micros[]>;

  /**
   * The stretches of a channel in which answers may stand: in order, from the last back if the question is
   * reversed, none overlapping another, cut to whole minutes. Memory does not grow with their number.
   */
  spans(
    channel: string,
    question: MinuteQuestion,
    options?: AbortOptions,
  ): AsyncIterable<TimeSpan>;

  /** The rooms of all channels. */
  rooms(options?: AbortOptions): Promise<Findings<RoomName>>;

  /** The names of the users that have one of the ids, in all channels. */
  people(ids: readonly string[], options?: AbortOptions): Promise<Findings<PersonSpan>>;

  /** How many messages the hours of a channel hold that overlap `span`. */
  counts(channel: string, span: TimeSpan, options?: AbortOptions): Promise<Findings<HourCounts>>;
}
