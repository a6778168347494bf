import type { IrcMessage } from "../batch/message.ts";

/** Which messages to keep: those that meet every part. An empty part lets all pass. */
export interface MessageFilter {
  /**
   * Names as {@link filteredUser} gives them, or ids behind `id:`, which outlive names: of the author, or of the
   * banned user. Where one is an id, the other names are for messages that tell no id: names change hands.
   */
  readonly users: ReadonlySet<string>;
  /** Commands in upper case. */
  readonly commands: ReadonlySet<string>;
  /** Text that the message's {@link searchedText} contains, in any case. */
  readonly text: string;
}

/** A name as a filter compares it: in lower case, without the `@` that people write in front. */
export function filteredUser(name: string): string {
  return name.trim().replace(/^@/, "").toLowerCase();
}

/** Whether everything passes. */
export function passesAll({ users, commands, text }: MessageFilter): boolean {
  return users.size === 0 && commands.size === 0 && text === "";
}

/** Whether a message meets all parts of `filter`. */
export function meetsFilter(message: IrcMessage, filter: MessageFilter): boolean {
  const { users, commands, text } = filter;
  if (commands.size > 0 && !commands.has(message.command)) return false;
  if (users.size > 0 && !namesOf(message, users).some((name) => users.has(name))) return false;
  return text === "" || searchedText(message).toLowerCase().includes(text.toLowerCase());
}

/** The names of a message that count beside those of a filter: its ids alone where both have ids. */
function namesOf(message: IrcMessage, users: ReadonlySet<string>): string[] {
  const names = usersOf(message);
  const ids = names.filter(isId);
  return ids.length > 0 && [...users].some(isId) ? ids : names;
}

function isId(name: string): boolean {
  return name.startsWith("id:");
}

/**
 * The names by which a filter finds a message, in lower case: login and display name of the author
 * or subject, and the login of the user whom it bans or whose messages it clears; and their ids as `id:123`.
 */
function usersOf(
  { command, params, sender, tags, user }: Pick<
    IrcMessage,
    "command" | "params" | "sender" | "tags" | "user"
  >,
): string[] {
  const names = [sender, user, tags?.["login"], tags?.["display-name"]];
  if (command === "CLEARCHAT") names.push(params[1]);
  const ids = [tags?.["user-id"], tags?.["target-user-id"]];
  return [
    ...names.flatMap((name) => name ? [name.toLowerCase()] : []),
    ...ids.flatMap((id) => id ? [`id:${id}`] : []),
  ];
}

/** The user by whose name a filter finds messages like this one, as written; `""` if there is none. */
export function userOf(
  { command, params, sender, tags }: Pick<IrcMessage, "command" | "params" | "sender" | "tags">,
): string {
  if (command === "CLEARCHAT") return params[1] ?? "";
  const login = tags?.["login"] || sender || "";
  return login.includes(".") ? "" : login; // A server has a name with a full stop, no login has.
}

/** The parts of a message that are searched for text: the user's text, and Twitch's. */
export function searchedText({ params, tags }: Pick<IrcMessage, "params" | "tags">): string {
  const said = params.slice(1).join(" ");
  const system = tags?.["system-msg"];
  return system === undefined || system === "" ? said : `${system} ${said}`;
}
