import { sentUs } from "./content.ts";
import type { IrcMessage } from "./message.ts";
import type { Redaction } from "./redaction.ts";
import { type Micros, toSeconds } from "./time.ts";

/** Whether a message is to be forgotten; of one without an exact time, this sighting of it. */
export type RedactionMatcher = (
  message: IrcMessage,
  sighting: { readonly receivedS: number } | undefined,
) => boolean;

// The message itself; the copy that shared chat brings from another channel; what names it as
// deleted, and a reply to it: both have its text.
const MESSAGE_TAGS = ["id", "source-id", "target-msg-id", "reply-parent-msg-id"];

// Who wrote it; who was banned; who is replied to, with their text; who began the thread; who got
// the gift, gave it, or gave the one before. All of these come with the name.
const USER_TAGS = [
  "user-id",
  "target-user-id",
  "reply-parent-user-id",
  "reply-thread-parent-user-id",
  "msg-param-recipient-id",
  "msg-param-sender-id",
  "msg-param-prior-gifter-id",
];

/**
 * What `redactions` together forget.
 *
 * A message's id forgets the message, its copies in shared chat, the CLEARMSG that repeats it and the
 * replies that quote it. A user's id forgets whatever bears it, in whichever role: what they wrote,
 * replies to it, their bans, gifts to and from them. Their logins forget what bears no user's id:
 * JOIN, PART, CLEARMSG, and old lines that have a name only. That others wrote a name into their
 * text is not looked for.
 *
 * What is older than `before` is told by the time that Twitch gave; where it gave none, by the
 * received time, which no merge changes. So two nodes never differ in what they forget.
 */
export function redactionMatcher(redactions: Iterable<Redaction>): RedactionMatcher {
  const ids = new Set<string>();
  const users = new Map<string, Micros>();
  const logins = new Map<string, Micros>();
  for (const { target } of redactions) {
    if (target.kind === "message") {
      ids.add(target.id);
      continue;
    }
    const beforeUs = target.beforeUs ?? Infinity;
    forgetBefore(users, target.userId, beforeUs);
    for (const login of target.logins) forgetBefore(logins, login, beforeUs);
  }
  return (message, sighting) => {
    if (MESSAGE_TAGS.some((tag) => ids.has(tagOf(message, tag)))) return true;
    const beforeUs = Math.max(
      ...USER_TAGS.map((tag) => users.get(tagOf(message, tag)) ?? -Infinity),
      logins.size === 0 ? -Infinity : logins.get(nameIn(message)) ?? -Infinity,
    );
    if (Math.abs(beforeUs) === Infinity) return beforeUs > 0;
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) return exactUs < beforeUs;
    return sighting !== undefined && sighting.receivedS < toSeconds(beforeUs);
  };
}

function forgetBefore(limits: Map<string, Micros>, key: string, beforeUs: Micros): void {
  limits.set(key, Math.max(limits.get(key) ?? -Infinity, beforeUs));
}

/** A tag's value; `""`, which no redaction names, without it. */
function tagOf({ tags }: IrcMessage, tag: string): string {
  return tags !== null && Object.hasOwn(tags, tag) ? tags[tag]! : "";
}

/** The login that a message is about, if it says no user's id. */
function nameIn(message: IrcMessage): string {
  switch (message.command) {
    case "CLEARMSG":
      return tagOf(message, "login");
    case "CLEARCHAT":
      return tagOf(message, "target-user-id") === "" ? message.params[1] ?? "" : "";
    default:
      return tagOf(message, "user-id") === "" ? message.sender ?? "" : "";
  }
}
