import type { Micros } from "../../core/time.ts";
import type { RoomState } from "../twitch_lines/server_lines.ts";

/** An event in a channel, and when its listeners hear of it. */
export interface TimedLine {
  /** When it happens, by Twitch's clock. A line with `tmi-sent-ts` says the same. */
  readonly timeUs: Micros;
  /** When Twitch's servers get it: never before `timeUs`. */
  readonly arrivalUs: Micros;
  /** Without `#`. */
  readonly channel: string;
  /** The raw line, without CR LF. */
  readonly line: string;
}

/** A source of chat, one line at a time, so that it need not be finite. */
export interface ChatSource {
  /** The next line, not before the last one in `timeUs`, or `undefined` when there is no more. */
  next(): TimedLine | undefined;
}

/** A channel's chat, with what a client gets on joining. */
export interface ChannelChat {
  /** The sources of its events. They are independent of each other. */
  readonly sources: readonly ChatSource[];
  /** The room's settings now. */
  settings(): RoomState;
  /** Some of the people who are there now. */
  chatters(): readonly string[];
}
