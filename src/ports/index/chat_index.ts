import type { HourFacts, PersonName, PersonRole, RoomFacts } from "../../core/index/hour_facts.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions } from "../batch_store.ts";

/** The state of an archive for which an hour was indexed. All texts are the caller's. */
export interface IndexStamp {
  /** Names the files that decide what the hour holds. */
  readonly files: string;
  /** Names the redactions that were applied. */
  readonly orders: string;
  /** What the hour's folders looked like: while they look the same, the files are the same. */
  readonly folders: string;
}

/** An hour to be indexed. */
export interface HourToIndex {
  /** When it starts. */
  readonly hourUs: Micros;
  /** What it was made from. */
  readonly stamp: IndexStamp;
  /** What the index keeps of it. */
  readonly facts: HourFacts;
}

/** An hour that is indexed. */
export interface IndexedHour {
  /** When it starts. */
  readonly hourUs: Micros;
  /** What it was made from. */
  readonly stamp: IndexStamp;
  /** How many messages of each command the hour holds. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A room's id in one channel of the archive. */
export interface IndexedRoom extends RoomFacts {
  /** The channel, as it stands in keys. */
  readonly channel: string;
}

/** A user under one login, in one channel of the archive. */
export interface IndexedPerson extends PersonName {
  /** The channel, as it stands in keys. */
  readonly channel: string;
  /** The first minute in which the channel names the user so. */
  readonly firstMinuteUs: Micros;
  /** The last one. */
  readonly lastMinuteUs: Micros;
}

/** Hours or minutes that start in `[fromUs, untilUs)`. */
export interface IndexSpan extends AbortOptions {
  /** The start of the span. @default from the first */
  readonly fromUs?: Micros | undefined;
  /** The end of the span. @default to the last */
  readonly untilUs?: Micros | undefined;
}

/** Which hours count for an answer about rooms or people. */
export interface IndexHours extends AbortOptions {
  /** Whether an hour counts, such as one whose stamp holds. @default all */
  readonly counts?: ((channel: string, hourUs: Micros) => boolean) | undefined;
}

/** Which minutes to find: those that meet every part that is given. */
export interface IndexQuery extends IndexSpan {
  /** One of these users, by any of the ids or any of the logins (in lower case). */
  readonly person?: { readonly ids: readonly string[]; readonly logins: readonly string[] };
  /** The users have one of these roles in the minute. @default any */
  readonly roles?: readonly PersonRole[];
  /** All of these words, as `wordsOf` gives them; at least one. */
  readonly words?: readonly string[];
}

/** A minute that was found. */
export interface IndexedMinute {
  /** When it starts. */
  readonly minuteUs: Micros;
  /** How many messages of it the users wrote, under all names that were asked for; 0 if no user was. */
  readonly messages: number;
}

/**
 * Tells where in an archive to look: which minutes name a user or hold words. The archive is the truth.
 * An index may be deleted at any time; then it is empty, and is filled again.
 *
 * It is kept by hour, under a stamp of the files that it was made from. Whether a stamp still holds is for the
 * caller to find out; hours that are not there, or whose stamp does not hold, have to be read. Answers concern
 * indexed hours only. They may name a minute that does not hold what was looked for, never the other way
 * round. Each sentence here is checked by `chatIndexSuite`.
 *
 * Every call may run beside any other, also from another process on the same index. A call that reads sees
 * each hour as one `putHours` left it.
 *
 * Every call may reject with a `ChatloomError`: `STORE_FULL`, `STORE_DENIED` or `STORE_IO`. An index that is
 * damaged rejects once with `STORE_IO` and is empty from then on. Calls that take a `signal` reject with its reason.
 */
export interface ChatIndex {
  /**
   * Puts hours of one channel in place of what the index had of them: all of them, or none, even if the power fails
   * midway. A power cut may also undo it, with all that came later.
   *
   * @param hours ascending, each once.
   */
  putHours(channel: string, hours: readonly HourToIndex[], options?: AbortOptions): Promise<void>;

  /**
   * Gives indexed hours another stamp, for which the caller knows that the facts are the same. An hour that
   * is not indexed with the stamp `from` stays as it is.
   */
  restampHours(
    channel: string,
    hours: readonly {
      readonly hourUs: Micros;
      readonly from: IndexStamp;
      readonly to: IndexStamp;
    }[],
  ): Promise<void>;

  /** Forgets the hours of a channel that start in the span. Forgetting what is not there does nothing. */
  forgetHours(channel: string, span?: IndexSpan): Promise<void>;

  /**
   * Removes from the disk what was forgotten or replaced: afterwards no file of the index holds bytes of it,
   * unless another process reads meanwhile; `false` then, and the caller tries again.
   */
  purge(options?: AbortOptions): Promise<boolean>;

  /**
   * Names the state of the index, of one channel if it is given: as long as the name is the same, so are all
   * answers. A caller that puts several answers together compares it before and after.
   */
  revision(channel?: string): Promise<string>;

  /** The channels that have indexed hours, ascending. */
  channels(options?: AbortOptions): Promise<readonly string[]>;

  /** The indexed hours of a channel in the span, ascending. */
  hours(channel: string, span?: IndexSpan): Promise<readonly IndexedHour[]>;

  /** The rooms of all channels, with the first and the last time; ascending by channel, then by id. */
  rooms(options?: IndexHours): Promise<readonly IndexedRoom[]>;

  /**
   * The names under which channels know users: of those who have one of the ids, and those who have one of the
   * logins, each pair of id and login, once a channel; ascending by channel, id and login. Other logins of
   * an id that has one of the logins are not among them.
   */
  people(
    names: { readonly ids?: readonly string[]; readonly logins?: readonly string[] },
    options?: IndexHours,
  ): Promise<readonly IndexedPerson[]>;

  /**
   * The minutes of a channel that meet a query, ascending. A query without a person and without words finds
   * nothing. The answer is in memory: ask for long spans in parts.
   */
  find(channel: string, query: IndexQuery): Promise<readonly IndexedMinute[]>;

  /** Closes all files. Calls that come later reject. */
  close(): Promise<void>;
}
