import type { TrueEvent } from "./truth.ts";
import { type RoomState, userIdOf } from "../twitch_lines/server_lines.ts";

/** The answer to a JOIN: the client is let in, or is told that the room is suspended or the user banned. */
export type RoomAccess = "open" | "suspended" | "banned";

/** A member of a room, which hears its events. */
export interface Listener {
  /** Delivers an event. */
  hear(event: TrueEvent): void;
}

/** One channel. */
export class Room {
  /** Without `#`. */
  readonly channel: string;
  /** Twitch's number for it. */
  readonly roomId: string;
  /** The answer to a JOIN. May change at any time. */
  access: RoomAccess;
  /** Its members. */
  readonly members: Set<Listener> = new Set();

  /** The room's settings now. */
  settings: () => RoomState = () => OPEN_ROOM;
  /** Some of the people who are there now. */
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
