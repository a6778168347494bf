import type { IrcMessage } from "../batch/message.ts";
import { namedUsers } from "../users/named_users.ts";
import { namingWords, twitchTextsOf } from "../users/twitch_text.ts";
import { isLoginDigest, loginDigest } from "./login_digest.ts";
import type { Redaction } from "./redaction.ts";
import { isMessageIdTag } from "./redaction_matcher.ts";

/**
 * Everything by which an order can reach a message, each once, in order of code units: `id:` and a message's id,
 * `user:` and a user's id, `sha256:` and the digest of a login (`loginDigest`).
 *
 * An order without `before` matches a message if and only if they have one of these in common:
 * see {@link orderNames}.
 */
export function reachNames(message: IrcMessage): string[] {
  const { tags, params } = message;
  const found = new Set<string>();
  for (const key in tags) if (isMessageIdTag(key)) found.add(`id:${tags[key]!}`);
  const logins = new Set<string>();
  const roles = namedUsers(message);
  for (const { ids, names } of roles) {
    for (const id of ids) found.add(`user:${id}`);
    if (ids.length === 0) names.forEach((name) => logins.add(name));
  }
  const channel = (params[0] ?? "").replace(/^#/, "").toLowerCase();
  for (const text of twitchTextsOf(message)) {
    for (const word of namingWords(text)) if (word !== channel) logins.add(word);
  }
  // A name that the message gives to an id is that user's: an order reaches it by the id.
  for (const { ids, names } of roles) {
    if (ids.length > 0) names.forEach((name) => logins.delete(name));
  }
  for (const login of logins) found.add(loginDigest(login));
  return [...found].sort();
}

/** What an order reaches messages by, as {@link reachNames} writes it. */
export function orderNames({ target }: Redaction): string[] {
  if (target.kind === "message") return [`id:${target.id}`];
  const logins = target.logins.map((each) => isLoginDigest(each) ? each : loginDigest(each));
  return [`user:${target.userId}`, ...logins];
}
