/** What the name of a tag says about a user. */
export interface UserTag {
  /** Tags of one stem speak of one user: `msg-param-recipient`, `reply-parent`; `""` of the author. */
  readonly stem: string;
  /** Whether the value is the user's id, or one of their names. */
  readonly holds: "id" | "name";
  /** Whether the value is a list with commas. */
  readonly isList: boolean;
}

// The shortest stem wins: of `x-user-display-name` it is `x`.
const ENDING =
  /^(?:(.+?)-)??((?:user-)?(?:id|login|name|display-name|nick)|displayname|nickname|username|user|mod(?=s)|vip(?=s))(s?)$/;

/** These never end the name of a thing: the words in front of them name a person in a role. */
const PERSONAL = /^(?:user.*|login|display-?name|nick|nickname|mod|vip)$/;

/**
 * Things, not persons, that have an id or a name in a tag, by the last word in front of `-id` or `-name`.
 * A word that is missing here costs chat only where the value equals what a redaction names.
 */
const THINGS: ReadonlySet<string> = new Set(
  ("animation badge campaign category charity chant client clip collection color community currency " +
    "domain effect emote event experience extension game gift goal image item message milestone msg " +
    "nonce option order origin pill plan poll prediction product promo reward ritual room sale " +
    "session set source sound stream sub subscription team theme thread tier train transaction " +
    "trigger video").split(" "),
);

const TAGS_REMEMBERED = 4_096;
const remembered = new Map<string, UserTag | undefined>();

/**
 * What the name of a tag says about a user, or `undefined` if it names none. It goes by how Twitch
 * forms names, so that a tag that is new is understood: `…-user-id`, `…-login`, `…-user-name`,
 * `…-display-name` (also in camel case) are always a person's; `…-id` and `…-name` are, unless the
 * word in front is a thing's (`room-id`, `emote-id`, `sub-plan-name`). Pure.
 *
 * @example
 * ```ts
 * import { userTagOf } from "./user_tag.ts";
 * userTagOf("msg-param-prior-gifter-id"); // { stem: "msg-param-prior-gifter", holds: "id", … }
 * userTagOf("source-room-id"); // undefined
 * ```
 *
 * @see {@link https://dev.twitch.tv/docs/chat/irc/#irc-tags | Twitch's tags}
 */
export function userTagOf(key: string): UserTag | undefined {
  if (remembered.has(key)) return remembered.get(key);
  if (remembered.size >= TAGS_REMEMBERED) remembered.clear(); // Keys are data: any number may come.
  const tag = readKey(key);
  remembered.set(key, tag);
  return tag;
}

function readKey(key: string): UserTag | undefined {
  const words = key.replace(/([a-z0-9])([A-Z])/g, "$1-$2").replaceAll("_", "-").toLowerCase();
  const match = ENDING.exec(words);
  if (match === null) return undefined;
  const [, stem = "", ending = "", plural] = match;
  const holds = /(?:^|-)id$/.test(ending) ? "id" : "name";
  const lastWord = stem.slice(stem.lastIndexOf("-") + 1);
  if (lastWord === "room") return undefined; // The channel in which it happened.
  if (!PERSONAL.test(ending)) {
    // `id` is the message's own, `msg-param-id` the event's.
    if (holds === "id" && (stem === "" || stem === "msg-param")) return undefined;
    if (THINGS.has(lastWord)) return undefined;
  }
  return { stem, holds, isList: plural === "s" };
}
