import { sentUs } from "../batch/content.ts";
import type { IrcMessage } from "../batch/message.ts";
import { isLoginDigest, loginDigest } from "./login_digest.ts";
import type { Redaction } from "./redaction.ts";
import { type Micros, toSeconds } from "../time.ts";
import { namedUsers } from "../users/named_users.ts";
import { namingWords, twitchTextsOf } from "../users/twitch_text.ts";

/** Whether a redaction applies to a message; of one without an exact time, to this sighting of it. */
export type RedactionMatcher = (
  message: IrcMessage,
  sighting: { readonly receivedS: number } | undefined,
) => boolean;

/**
 * The matcher of `redactions` together.
 *
 * A message's id forgets the message, its copies in shared chat, the CLEARMSG that repeats it and the
 * replies that quote it. A user's id forgets all messages that bear it, in any role: what they wrote,
 * replies to it, their bans, gifts to and from them; `userTagOf` says which tags count.
 *
 * Their names, compared without case, forget messages that name them without an id: JOIN, PART, CLEARMSG, a
 * host target, roles for which Twitch tells names only, and sentences of Twitch's own (a NOTICE, a
 * `system-msg`) in which the name is a whole word. A name that the same message gives to another id
 * is that user's. In a sentence a name is not looked for if it is a word of Twitch's own
 * (`isTwitchWord`) or the channel's: there it means the room. Text that other users wrote is not
 * searched for names.
 *
 * Twitch's time decides what is older than `before`; without it, the
 * received time decides, which no merge changes. So two nodes never differ in what they forget.
 */
export function redactionMatcher(redactions: Iterable<Redaction>): RedactionMatcher {
  const ids = new Set<string>();
  const users: UserLimits = { ids: new Map(), names: new Map(), digests: new Map() };
  for (const { target } of redactions) {
    if (target.kind === "message") {
      ids.add(target.id);
      continue;
    }
    const beforeUs = target.beforeUs ?? Infinity;
    forgetBefore(users.ids, target.userId, beforeUs);
    for (const login of target.logins) {
      forgetBefore(
        isLoginDigest(login) ? users.digests : users.names,
        login.toLowerCase(),
        beforeUs,
      );
    }
  }
  return (message, sighting) => {
    if (ids.size > 0 && bearsMessageId(message, ids)) return true;
    if (users.ids.size === 0) return false;
    const beforeUs = limitOf(message, users);
    if (Math.abs(beforeUs) === Infinity) return beforeUs > 0;
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) return exactUs < beforeUs;
    return sighting !== undefined && sighting.receivedS < toSeconds(beforeUs);
  };
}

/** Up to when messages of users are redacted, by id, by name in lower case and by a name's digest. */
interface UserLimits {
  readonly ids: Map<string, Micros>;
  readonly names: Map<string, Micros>;
  readonly digests: Map<string, Micros>;
}

function forgetBefore(limits: Map<string, Micros>, key: string, beforeUs: Micros): void {
  limits.set(key, Math.max(limits.get(key) ?? -Infinity, beforeUs));
}

// The message's own id and that of its original; tags that name another as deleted, as parent or
// as repeated come with its text. The first of a thread is named without its text; other tags name kinds.
const MESSAGE_TAG = /^(?:id|source-id|.+-msg-id)$/;
const NO_MESSAGE_TAGS: ReadonlySet<string> = new Set([
  "reply-thread-parent-msg-id",
  "source-msg-id",
]);

function bearsMessageId({ tags }: IrcMessage, ids: ReadonlySet<string>): boolean {
  for (const key in tags) if (ids.has(tags[key]!) && isMessageIdTag(key)) return true;
  return false;
}

/** Whether a tag holds the id of the message itself, of its original, or of one that it tells the text of. */
export function isMessageIdTag(key: string): boolean {
  return MESSAGE_TAG.test(key) && !NO_MESSAGE_TAGS.has(key);
}

/** Before when a message is forgotten for the users whom it names; `-Infinity` if for none. */
function limitOf(message: IrcMessage, { ids, names, digests }: UserLimits): Micros {
  let limitUs: Micros = -Infinity;
  const byName: string[] = [];
  const ofOthers = new Set<string>();
  for (const role of namedUsers(message)) {
    let roleUs: Micros = -Infinity;
    for (const id of role.ids) roleUs = Math.max(roleUs, ids.get(id) ?? -Infinity);
    limitUs = Math.max(limitUs, roleUs);
    if (role.ids.length === 0) byName.push(...role.names);
    else if (roleUs === -Infinity) role.names.forEach((name) => ofOthers.add(name));
  }
  if (names.size + digests.size === 0) return limitUs;
  const channel = (message.params[0] ?? "").replace(/^#/, "").toLowerCase();
  for (const text of twitchTextsOf(message)) {
    byName.push(...namingWords(text).filter((word) => word !== channel));
  }
  for (const name of byName) {
    if (ofOthers.has(name)) continue;
    limitUs = Math.max(limitUs, names.get(name) ?? -Infinity);
    if (digests.size === 0) continue;
    limitUs = Math.max(limitUs, digests.get(loginDigest(name)) ?? -Infinity);
  }
  return limitUs;
}
