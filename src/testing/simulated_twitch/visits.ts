import type { Micros } from "../../core/time.ts";
import { withoutTags } from "../twitch_lines/client_line.ts";
import type { JoinLimit } from "./join_limit.ts";
import type { LoginExchange } from "./login_exchange.ts";
import type { Listener, Room } from "./room.ts";
import {
  joinRefusedLine,
  namesLines,
  ownJoinLine,
  ownPartLine,
  ownUserStateLine,
  roomStateLine,
} from "../twitch_lines/server_lines.ts";
import type { ViolationKind } from "./truth.ts";

/** What {@link Visits} need of a connection. */
export interface VisitOptions {
  /** The name of the client. */
  readonly me: Listener;
  /** How often the client's account may try to join. */
  readonly joinLimit: (nick: string) => JoinLimit;
  /** How many rooms one connection may be in. */
  readonly roomsMax: number;
  /** The capabilities of the client. */
  readonly login: LoginExchange;
  /** Twitch's clock. */
  readonly nowUs: () => Micros;
  /** The room of that name, or `undefined` if there is none. */
  readonly room: (channel: string) => Room | undefined;
  /** Sends a line to the client. */
  readonly tell: (line: string) => void;
  /** Notes a violation of the client. */
  readonly violate: (kind: ViolationKind, detail: string) => void;
  /** Called when the client has come into a room. */
  readonly onJoin: (channel: string) => void;
  /** Called at each JOIN: whether its ROOMSTATE gets lost. */
  readonly forgetsRoomState: () => boolean;
}

/** The rooms that one client is in, with the rules for coming and going. */
export class Visits {
  readonly #options: VisitOptions;
  readonly #rooms = new Map<string, Room>();

  /** A client that is in no room yet. */
  constructor(options: VisitOptions) {
    this.#options = options;
  }

  /** The rooms that the client is in, without `#`. */
  get channels(): readonly string[] {
    return [...this.#rooms.keys()];
  }

  /** `JOIN #a,#b`: each answered by itself, as if it had come alone. */
  join(list: string, nick: string): void {
    const { nowUs, room: roomOf, roomsMax, tell, violate } = this.#options;
    const limit = this.#options.joinLimit(nick);
    for (const name of list.split(",")) {
      if (!name.startsWith("#")) continue; // Observed: silence.
      const channel = name.slice(1).toLowerCase();
      if (!limit.attempt(nowUs())) {
        violate("join-rate", `JOIN #${channel}`);
        continue;
      }
      const room = roomOf(channel);
      if (room === undefined) continue; // Observed: silence.
      if (room.access !== "open") tell(joinRefusedLine(channel, room.access));
      else if (this.#rooms.size < roomsMax || this.#rooms.has(channel)) this.#enter(room, nick);
      else violate("channel-limit", `JOIN #${channel}`);
    }
  }

  /** `PART #a,#b`. Rooms that the client is not in are ignored. */
  part(list: string, nick: string): void {
    for (const name of list.split(",")) {
      const room = this.#rooms.get(name.slice(1).toLowerCase());
      if (room === undefined) continue;
      this.#rooms.delete(room.channel);
      room.members.delete(this.#options.me);
      this.#options.tell(ownPartLine({ nick, channel: room.channel }));
    }
  }

  /** Leaves all rooms silently. */
  end(): void {
    for (const room of this.#rooms.values()) room.members.delete(this.#options.me);
    this.#rooms.clear();
  }

  /** Documented order: JOIN, names, USERSTATE, ROOMSTATE. Messages come after it. */
  #enter(room: Room, nick: string): void {
    const { me, login, tell, onJoin, forgetsRoomState } = this.#options;
    const { channel, roomId } = room;
    tell(ownJoinLine({ nick, channel }));
    const chatters = login.has("twitch.tv/membership") ? room.chatters() : [];
    for (const line of namesLines({ nick, channel }, chatters)) tell(line);
    if (login.has("twitch.tv/commands")) {
      if (!login.isAnonymous) this.#tellState(ownUserStateLine({ nick, channel }));
      const state = roomStateLine(channel, { roomId, settings: room.settings() });
      if (!forgetsRoomState()) this.#tellState(state);
    }
    this.#rooms.set(channel, room);
    room.members.add(me);
    onJoin(channel);
  }

  #tellState(line: string): void {
    const { login, tell } = this.#options;
    tell(login.has("twitch.tv/tags") ? line : withoutTags(line));
  }
}
