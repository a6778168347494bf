import type { Message } from "../../core/batch/message.ts";
import { type RemovalKind, removalKind, type Removals } from "./removals/removals.ts";
import { filteredUser, type MessageFilter } from "../../core/text/message_filter.ts";

/** Which messages to show: all that meet every part that is given. */
export interface Filter {
  /** In the text of the message. */
  readonly text: string;
  /** `text` is a regular expression. */
  readonly isRegex: boolean;
  /** Logins or display names in any case, or ids as `id:123`, separated by commas: any of them. */
  readonly user: string;
  /** `PRIVMSG` and the like, or several with commas; any if empty. */
  readonly command: string;
  /** Only messages that a moderator removed, in any way or in one. @default all messages */
  readonly removed?: "any" | RemovalKind | undefined;
  /** The id of the message that a thread of replies began with. @default all messages */
  readonly thread?: string;
}

/** The filter that lets all messages pass. */
export const NO_FILTER: Filter = { text: "", isRegex: false, user: "", command: "" };

/** Whether all messages pass. */
export function isEmptyFilter({ text, user, command, thread = "", removed }: Filter): boolean {
  return text === "" && user === "" && command === "" && thread === "" && removed === undefined;
}

/** All of `filter` but a regular expression, in the form that messages are compared with. */
export function plainFilter({ text, isRegex, user, command }: Filter): MessageFilter {
  const names = user.split(",").map(filteredUser).filter((name) => name !== "");
  return {
    users: new Set(names),
    commands: new Set(command === "" ? [] : command.split(",")),
    text: isRegex ? "" : text,
  };
}

/** The id of the message that a reply's thread began with; `undefined` for what is no reply. */
export function threadOf({ tags }: Pick<Message, "tags">): string | undefined {
  return tags?.["reply-thread-parent-msg-id"] || tags?.["reply-parent-msg-id"] || undefined;
}

/** Whether a message was removed as the filter wants it, if it does. */
export function isRemovedSo(message: Message, { removed }: Filter, removals?: Removals): boolean {
  if (removed === undefined) return true;
  const clear = removals?.of(message);
  return clear !== undefined && (removed === "any" || removed === removalKind(clear));
}

/** Whether a message is of the filter's thread, if it has one. */
export function isOfThread(message: Message, { thread = "" }: Filter): boolean {
  return thread === "" || message.tags?.["id"] === thread || threadOf(message) === thread;
}
