/** A parsed line of IRC. Text is as it came, trailing white space included. */
export interface IrcMessage {
  /** In upper case. */
  readonly command: string;
  /** In messages that a recorder keeps, the first is the channel, with `#`. */
  readonly params: readonly string[];
  /** The nick, or the server's name; `null` without a prefix. */
  readonly sender: string | null;
  /** From `nick!user@host`; `null` where the prefix has none. */
  readonly user: string | null;
  /** From `nick!user@host`; `null` where the prefix has none. */
  readonly host: string | null;
  /** Unescaped by the IRCv3 rules. Own properties only: `__proto__` is just a key. */
  readonly tags: { readonly [key: string]: string } | null;
}

/** Stands in place of the plain received time of a receiver that disagrees with its event's range. */
export interface OwnRange {
  /** When it got the message, by its own clock, in seconds. */
  readonly received: number;
  /** Start of its own range, in seconds of server time. */
  readonly time: number;
  /** Length of its own range, in seconds. */
  readonly time_range: number;
}

/**
 * One line of a batch: a message, who received it and when it was sent. Fields have the names and
 * units of the file; fields that chatloom does not know are part of the message and are kept.
 */
export interface Message extends IrcMessage {
  /** Receiver id → received time in seconds by that receiver's clock, or that with its own range. */
  readonly receivers: { readonly [receiver: string]: number | OwnRange };
  /** The message was sent at or after this: seconds of server time. */
  readonly time: number;
  /** … and at most this many seconds later: 0 for a message whose time is exact, never above 60. */
  readonly time_range: number;
  /** Any other fields of the line. */
  readonly [unknownField: string]: unknown;
}

/** The tag in which Twitch says when it sent a message, in milliseconds since 1970. */
export const SENT_TAG = "tmi-sent-ts";

/** The commands that a recorder archives. A reader takes any. */
export const KEPT_COMMANDS: ReadonlySet<string> = new Set([
  "PRIVMSG",
  "USERNOTICE",
  "CLEARCHAT",
  "CLEARMSG",
  "NOTICE",
  "ROOMSTATE",
  "USERSTATE",
  "HOSTTARGET",
  "JOIN",
  "PART",
]);
