import type { IrcMessage, Message } from "../../../core/batch/message.ts";
import { formatIrcLine } from "../../../core/irc/format_irc_line.ts";
import { parseIrcLine } from "../../../core/irc/irc_line.ts";
import { type Micros, MILLISECOND_US } from "../../../core/time.ts";

/** A message that stands in the file of another tool. */
export interface FoundMessage {
  readonly kind: "message";
  /** As parsed from {@link FoundMessage.line}. */
  readonly message: IrcMessage;
  /** The line of IRC, as it stands there or as it follows from what the file has. */
  readonly line: string;
  /** It was not sent before this. */
  readonly startUs: Micros;
  /** Nor after this: as wide as the file's clock is precise; equal to the start where Twitch told the time. */
  readonly endUs: Micros;
  /** When the tool received it, as far as the file tells; else when it was sent at the earliest. */
  readonly receivedUs: Micros;
}

/** A line or an entry that is no message; each is counted under its reason. */
export interface RefusedEntry {
  readonly kind: "refused";
  /** From a short list: nothing of the file stands in it. */
  readonly reason: string;
  /** When it was sent, if that is known. */
  readonly atUs?: Micros | undefined;
}

/** A line of a batch, which says itself by whom it was received. */
export interface StoredMessage {
  readonly kind: "stored";
  readonly message: IrcMessage;
  readonly stored: Message;
  /** Its JSON. */
  readonly line: string;
  readonly startUs: Micros;
  readonly endUs: Micros;
}

/** What a reader finds, entry by entry. */
export type FoundEntry = FoundMessage | StoredMessage | RefusedEntry;

/** Reads one format. Memory stays bounded, whatever the text is. Never throws for what it reads. */
export interface FormatReader {
  /** Takes the next piece of the text, cut anywhere, and returns the entries that end in it, in order. */
  push(text: string): Iterable<FoundEntry>;
  /** Ends the text. `isTorn`: it was cut short, so its last entry is a fragment. */
  end(options: { readonly isTorn: boolean }): Iterable<FoundEntry>;
}

/** The longest line that an entry may make: what a recorder takes. */
const LINE_LENGTH_MAX = 65_536;

/** An entry that is no message. */
export function refused(reason: string, atUs?: Micros): RefusedEntry {
  return { kind: "refused", reason, atUs };
}

/** What a file of another tool tells of a message. */
export interface ToldMessage {
  readonly command: "PRIVMSG" | "USERNOTICE" | "CLEARCHAT" | "CLEARMSG" | "JOIN" | "PART";
  /** The channel's login. */
  readonly channel: string;
  /** The author's login; `null` where the file has none, as for deleted accounts. */
  readonly login: string | null;
  readonly text?: string | undefined;
  /** Those that are `undefined` or empty are left out. */
  readonly tags: readonly (readonly [key: string, value: string | undefined])[];
  readonly startUs: Micros;
  readonly endUs: Micros;
  readonly receivedUs?: Micros | undefined;
}

/**
 * The message that a file of another tool tells of. It is what the line of IRC would say, without the tags that
 * the file does not know. One with an exact time gets the tag `tmi-sent-ts`.
 */
export function toFoundMessage(told: ToldMessage): FoundEntry {
  const { command, channel, login, text, startUs, endUs, receivedUs = startUs } = told;
  const sent = startUs === endUs ? [["tmi-sent-ts", `${startUs / MILLISECOND_US}`] as const] : [];
  const pairs = [...told.tags, ...sent].filter(([, value]) => value !== undefined && value !== "");
  const isServer = command === "USERNOTICE" || command === "CLEARCHAT" || command === "CLEARMSG";
  const sender = isServer ? "tmi.twitch.tv" : login;
  const line = formatIrcLine({
    command,
    params: text === undefined ? [`#${channel}`] : [`#${channel}`, text],
    sender,
    user: isServer ? null : login,
    host: isServer || login === null ? null : `${login}.tmi.twitch.tv`,
    tags: pairs.length === 0
      ? null
      : Object.fromEntries(pairs.map(([key, value]) => [key, value!])),
  });
  if (line.length > LINE_LENGTH_MAX) return refused("line too long", startUs);
  const parsed = parseIrcLine(line);
  if (!parsed.ok) return refused("unreadable entry", startUs);
  return { kind: "message", message: parsed.message, line, startUs, endUs, receivedUs };
}
