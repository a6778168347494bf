import type { IrcMessage } from "../batch/message.ts";
import { clearedLogin } from "./log_fields.ts";

/** A user whose log is read. */
export interface LogPerson {
  /** The id; `""` if messages tell none. */
  readonly id: string;
  /** The login, in lower case: it finds the user in messages that tell no id. */
  readonly login: string;
}

/** Whether log APIs also count a gift among the messages of its recipient. */
export interface LogPersonRules {
  readonly countsGifts: boolean;
}

/**
 * Whether a message is in the log of a user: who wrote it, or whom a moderator dealt with by it. The id decides
 * where a message tells it; the login only where it does not.
 */
export function concerns(
  message: IrcMessage,
  { id, login }: LogPerson,
  { countsGifts }: LogPersonRules,
): boolean {
  const { command, tags } = message;
  const person = personOf(message);
  if (person.id === "" || id === "") {
    if (person.login !== "" && person.login === login) return true;
  } else if (person.id === id) return true;
  return countsGifts && command === "USERNOTICE" && id !== "" &&
    tags?.["msg-param-recipient-id"] === id;
}

/** The user in whose log a message stands first: its author, or of a ban or deletion the user it is about. */
export function personOf({ command, params, sender, tags }: IrcMessage): LogPerson {
  if (command === "CLEARCHAT") {
    return { id: tags?.["target-user-id"] ?? "", login: clearedLogin({ params }).toLowerCase() };
  }
  const login = tags?.["login"] || (sender === null || sender.includes(".") ? "" : sender);
  return { id: tags?.["user-id"] ?? "", login: login.toLowerCase() };
}
