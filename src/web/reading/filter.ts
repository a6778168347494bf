import { filteredUser, type MessageFilter } from "../../core/text/message_filter.ts";

/** Which messages to show: all that meet every part that is given. */
export interface Filter {
  /** In the text of the message. */
  readonly text: string;
  /** `text` is a regular expression. */
  readonly isRegex: boolean;
  /** Login or display name, in any case. */
  readonly user: string;
  /** `PRIVMSG` and the like; any if empty. */
  readonly command: string;
}

/** The filter that lets all messages pass. */
export const NO_FILTER: Filter = { text: "", isRegex: false, user: "", command: "" };

/** Whether all messages pass. */
export function isEmptyFilter({ text, user, command }: Filter): boolean {
  return text === "" && user === "" && command === "";
}

/** All of `filter` but a regular expression, in the form that messages are compared with. */
export function plainFilter({ text, isRegex, user, command }: Filter): MessageFilter {
  const name = filteredUser(user);
  return {
    users: new Set(name === "" ? [] : [name]),
    commands: new Set(command === "" ? [] : [command]),
    text: isRegex ? "" : text,
  };
}
