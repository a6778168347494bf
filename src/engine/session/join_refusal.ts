import type { IrcMessage } from "../../core/batch/message.ts";

/** A channel for which the server refuses a JOIN. */
export interface JoinRefusal {
  /** The channel, without `#`. */
  readonly channel: string;
  /** Why: one of a few reasons. */
  readonly reason: string;
}

/**
 * The NOTICEs that answer a JOIN or end a stay. The first two and `tos_ban` are documented; the last
 * was seen by others (2026-04).
 *
 * @see {@link https://dev.twitch.tv/docs/irc/msg-id/ | NOTICE message IDs}
 */
const REFUSING_NOTICES: ReadonlySet<string> = new Set([
  "msg_channel_suspended",
  "msg_banned",
  "msg_channel_blocked",
  "msg_room_not_found",
  "tos_ban",
  "msg_concurrent_channel_limit_reached",
]);

/** The numerics with which IRC servers refuse a JOIN. Twitch was never seen to send one. */
const REFUSING_NUMERICS: ReadonlyMap<string, string> = new Map([
  ["403", "no such channel"],
  ["405", "too many channels"],
  ["437", "unavailable"],
  ["471", "full"],
  ["473", "invite only"],
  ["474", "banned"],
  ["475", "needs a key"],
  ["477", "needs a registered nick"],
]);

/** The refusal in `message`, if it is one. */
export function joinRefusal(message: IrcMessage): JoinRefusal | undefined {
  if (message.command === "NOTICE") {
    const reason = message.tags?.["msg-id"];
    if (reason === undefined || !REFUSING_NOTICES.has(reason)) return undefined;
    return { channel: withoutHash(message.params[0]), reason };
  }
  const reason = REFUSING_NUMERICS.get(message.command);
  return reason === undefined ? undefined : { channel: withoutHash(message.params[1]), reason };
}

/** The channel that a parameter names, without `#`; "" if it names none. */
export function withoutHash(param: string | undefined): string {
  return param?.startsWith("#") ? param.slice(1) : "";
}
