import type { IrcMessage } from "../batch/message.ts";
import { userTagOf } from "./user_tag.ts";

/** A user in one role of a message, as far as the message names them. */
export interface NamedUser {
  /** The role, as tags name it, such as `target`; `""` is the author, or of a CLEARMSG the deleted one's. */
  readonly role: string;
  /** The user's ids: usually one, all of a role that several users share, none in most old lines. */
  readonly ids: readonly string[];
  /** Their names in lower case: logins, and display names where those differ. */
  readonly names: readonly string[];
}

/**
 * The users whom a message names in a field of its own: its author, and those in any role that its
 * tags and params give them (target of a ban, recipient, gifter, host target, parent of a reply …).
 * Never throws. `twitchTextOf` finds users who are named in text only.
 */
export function namedUsers(message: IrcMessage): NamedUser[] {
  const { command, params, sender, tags, user } = message;
  const roles = new Map<string, { role: string; ids: string[]; names: string[] }>();
  const add = (stem: string, holds: "id" | "name", value: string) => {
    if (value === "") return;
    let role = roles.get(stem);
    if (role === undefined) roles.set(stem, role = { role: stem, ids: [], names: [] });
    const list = holds === "id" ? role.ids : role.names;
    const text = holds === "id" ? value : value.toLowerCase();
    if (!list.includes(text)) list.push(text);
  };
  for (const key in tags) {
    const tag = userTagOf(key);
    if (tag === undefined) continue;
    const value = tags[key]!;
    for (const each of tag.isList ? value.split(/[\s,]+/) : [value]) {
      add(tag.stem, tag.holds, each);
    }
  }
  // A server has a name with a full stop, which no login has.
  if (sender !== null && !sender.includes(".")) add("", "name", sender);
  if (user !== null) add("", "name", user);
  if (command === "CLEARCHAT") add("target", "name", params[1] ?? "");
  if (command === "HOSTTARGET") add("host-target", "name", (params[1] ?? "").split(" ")[0]!);
  return [...roles.values()];
}
