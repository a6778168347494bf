/**
 * The lines with which Twitch answers a client. "Documented" is dev.twitch.tv/docs/irc as stored in
 * 2025 and 2026; "observed" is what public captures and other clients' issue trackers show.
 */

/** The capabilities that Twitch has. Documented. */
export const CAPABILITIES = [
  "twitch.tv/tags",
  "twitch.tv/commands",
  "twitch.tv/membership",
] as const;

/** One of {@link CAPABILITIES}. */
export type Capability = typeof CAPABILITIES[number];

/** The channel's settings, under Twitch's names. 0 is off, except where noted. */
export interface RoomState {
  /** 1: emotes only. */
  "emote-only": number;
  /** Minutes of following that it takes to chat; -1 for off. */
  "followers-only": number;
  /** 1: no user may say the same twice. */
  "r9k": number;
  /** Seconds between two messages of one person. */
  "slow": number;
  /** 1: subscribers only. */
  "subs-only": number;
}

/** The client and the channel of an answer. */
export interface RoomLine {
  /** The client's name. */
  readonly nick: string;
  /** Without `#`. */
  readonly channel: string;
}

const SERVER = ":tmi.twitch.tv";

/** After a good login. Documented, word for word. */
export function welcomeLines(nick: string): string[] {
  return [
    `${SERVER} 001 ${nick} :Welcome, GLHF!`,
    `${SERVER} 002 ${nick} :Your host is tmi.twitch.tv`,
    `${SERVER} 003 ${nick} :This server is rather new`,
    `${SERVER} 004 ${nick} :-`,
    `${SERVER} 375 ${nick} :-`,
    `${SERVER} 372 ${nick} :You are in a maze of twisty passages, all alike.`,
    `${SERVER} 376 ${nick} :>`,
  ];
}

/** After a good login that is not anonymous, with the commands capability. Documented. */
export function globalUserStateLine(nick: string): string {
  return `@badge-info=;badges=;color=;display-name=${nick};emote-sets=0,300374282;user-id=${
    userIdOf(nick)
  };user-type= ${SERVER} GLOBALUSERSTATE`;
}

/** Instead of a welcome. Documented; the server closes the connection afterwards. */
export function loginRefusedLine(reason: "authentication" | "format" | "nick"): string {
  const text = {
    authentication: "Login authentication failed",
    format: "Improperly formatted auth",
    nick: "Invalid NICK", // Observed.
  }[reason];
  return `${SERVER} NOTICE * :${text}`;
}

/** The answer to `CAP REQ`, or to `CAP LS`. Documented for ACK and NAK, observed for LS. */
export function capabilityLine(answer: "ACK" | "NAK" | "LS", names: string): string {
  return `${SERVER} CAP * ${answer} :${names}`;
}

/** The first answer to a JOIN, also without the membership capability. Documented. */
export function ownJoinLine({ nick, channel }: RoomLine): string {
  return `:${nick}!${nick}@${nick}.tmi.twitch.tv JOIN #${channel}`;
}

/** The answer to a PART. Documented. */
export function ownPartLine({ nick, channel }: RoomLine): string {
  return `:${nick}!${nick}@${nick}.tmi.twitch.tv PART #${channel}`;
}

/** The members: first those who were there, if any, then the one who came. Documented. */
export function namesLines(room: RoomLine, chatters: readonly string[]): string[] {
  const { nick, channel } = room;
  const prefix = `:${nick}.tmi.twitch.tv`;
  return [
    ...(chatters.length > 0 ? [`${prefix} 353 ${nick} = #${channel} :${chatters.join(" ")}`] : []),
    `${prefix} 353 ${nick} = #${channel} :${nick}`,
    `${prefix} 366 ${nick} #${channel} :End of /NAMES list`,
  ];
}

/** After a JOIN that is not anonymous, with the commands capability. Documented. */
export function ownUserStateLine({ nick, channel }: RoomLine): string {
  return `@badge-info=;badges=;color=;display-name=${nick};emote-sets=0,300374282;mod=0;subscriber=0;user-type= ${SERVER} USERSTATE #${channel}`;
}

/** All settings after a JOIN, or those that changed. Documented, in the order seen on the wire. */
export function roomStateLine(
  channel: string,
  { roomId, settings }: { readonly roomId: string; readonly settings: Partial<RoomState> },
): string {
  const tags = Object.entries({ ...settings, "room-id": roomId })
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${value}`);
  return `@${tags.join(";")} ${SERVER} ROOMSTATE #${channel}`;
}

/** Instead of an answer to a JOIN. Documented texts; that it comes on a JOIN is observed. */
export function joinRefusedLine(channel: string, reason: "suspended" | "banned"): string {
  return reason === "suspended"
    ? `@msg-id=msg_channel_suspended ${SERVER} NOTICE #${channel} :This channel does not exist or has been suspended.`
    : `@msg-id=msg_banned ${SERVER} NOTICE #${channel} :You are permanently banned from talking in ${channel}.`;
}

/** The answer to a PING. Observed: with and without an argument. */
export function pongLine(argument: string | undefined): string {
  return argument === undefined ? `${SERVER} PONG` : `${SERVER} PONG tmi.twitch.tv :${argument}`;
}

/** The server's PING, about every five minutes. Documented. */
export function pingLine(argument = "tmi.twitch.tv"): string {
  return `PING :${argument}`;
}

/** The server is going away; connect again. Documented. */
export const RECONNECT_LINE = `${SERVER} RECONNECT`;

/** The answer to an unknown command. Documented. */
export function unknownCommandLine(nick: string, command: string): string {
  return `${SERVER} 421 ${nick} ${command} :Unknown command`;
}

/** An id for a user or a channel, always the same for the same name. */
export function userIdOf(name: string): string {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) % 900_000_000;
  return String(10_000_000 + hash);
}
