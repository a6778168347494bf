import type { Message } from "../../core/message.ts";

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

/** The filter that lets everything pass. */
export const NO_FILTER: Filter = { text: "", isRegex: false, user: "", command: "" };

/** Whether everything passes. */
export function isEmptyFilter({ text, user, command }: Filter): boolean {
  return text === "" && user === "" && command === "";
}

/** What of a message is searched: what was said, and what Twitch says of it. */
export function searchedText({ params, tags }: Pick<Message, "params" | "tags">): string {
  const said = params.slice(1).join(" ");
  const system = tags?.["system-msg"];
  return system === undefined || system === "" ? said : `${system} ${said}`;
}

/** Whether a message meets all parts of `filter` but a regular expression. */
export function meetsPlainly(message: Message, filter: Filter): boolean {
  if (filter.command !== "" && message.command !== filter.command) return false;
  if (filter.user !== "" && !isBy(message, filter.user.toLowerCase())) return false;
  if (filter.text === "" || filter.isRegex) return true;
  return searchedText(message).toLowerCase().includes(filter.text.toLowerCase());
}

/** Whether `user`, in lower case, wrote it, or it is about them: a ban names its user in the text. */
function isBy({ command, sender, tags, params }: Message, user: string): boolean {
  const names = [sender, tags?.["display-name"], tags?.["login"]];
  if (command === "CLEARCHAT") names.push(params[1]);
  return names.some((name) => name?.toLowerCase() === user);
}
