import type { TrueEvent } from "./truth.ts";
import { type RoomState, userIdOf } from "../twitch_lines/server_lines.ts";

/** What happens to who joins: is let in, is told that it is suspended or that they are banned. */
export type RoomAccess = "open" | "suspended" | "banned";

/** Who is in a room and hears what happens there. */
export interface Listener {
  /** Something happened. */
  hear(event: TrueEvent): void;
}

/** One channel. */
export class Room {
  /** Without `#`. */
  readonly channel: string;
  /** Twitch's number for it. */
  readonly roomId: string;
  /** What happens to who joins. May change at any time. */
  access: RoomAccess;
  /** Who is in it. */
  readonly members: Set<Listener> = new Set();

  /** The room's settings now. */
  settings: () => RoomState = () => OPEN_ROOM;
  /** Some of those who are there now. */
  chatters: () => readonly string[] = () => [];

  /** An empty room. */
  constructor(channel: string, access: RoomAccess) {
    this.channel = channel;
    this.roomId = userIdOf(channel);
    this.access = access;
  }
}

const OPEN_ROOM: RoomState = {
  "emote-only": 0,
  "followers-only": -1,
  "r9k": 0,
  "slow": 0,
  "subs-only": 0,
};
