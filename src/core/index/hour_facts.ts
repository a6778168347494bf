import type { Micros } from "../time.ts";

/**
 * How a message names a user: as its author; as the user whom a moderator deals with (a ban, a timeout, a
 * deleted message); in any other role, or as one who came or went.
 */
export type PersonRole = "spoke" | "dealtWith" | "named";

/** All roles. */
export const PERSON_ROLES: readonly PersonRole[] = ["spoke", "dealtWith", "named"];

/** A user under one login. */
export interface PersonName {
  /** The user's id; `""` where messages tell the login only. */
  readonly id: string;
  /** In lower case; `""` where messages tell the id only. */
  readonly login: string;
}

/** What one minute says about a user. */
export interface PersonMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** The roles that it gives the user; at least one, each once, in the order of {@link PERSON_ROLES}. */
  readonly roles: readonly PersonRole[];
  /** How many messages of it the user wrote. Above 0 exactly if the user `spoke`. */
  readonly messages: number;
}

/** A user under one login, and where the hour names the user so. */
export interface PersonFacts extends PersonName {
  /** At least one, ascending. */
  readonly minutes: readonly PersonMinute[];
}

/** A room's id as messages of the hour tell it. */
export interface RoomFacts {
  /** As the tag `room-id` has it. */
  readonly roomId: string;
  /** The start of the first message that has it. */
  readonly firstUs: Micros;
  /** The start of the last one. */
  readonly lastUs: Micros;
}

/** The words of one minute. */
export interface MinuteWords {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** As `wordsOf` gives them, each once; at least one. */
  readonly words: readonly string[];
}

/**
 * What an index keeps of one hour of a channel. It tells where to look, and no text: an answer is read from
 * the archive.
 */
export interface HourFacts {
  /** How many messages of each command the hour holds. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ascending by id. */
  readonly rooms: readonly RoomFacts[];
  /** Each pair of id and login once. */
  readonly people: readonly PersonFacts[];
  /** The minutes that hold words, ascending. */
  readonly words: readonly MinuteWords[];
}
