import type { Micros } from "../../core/time.ts";
import type { RoomState } from "../twitch_lines/server_lines.ts";

/** Something that happens in a channel, and when its listeners hear of it. */
export interface TimedLine {
  /** When it happens, by Twitch's clock. A line with `tmi-sent-ts` says the same. */
  readonly timeUs: Micros;
  /** When the servers that clients are connected to get it: never before `timeUs`. */
  readonly arrivalUs: Micros;
  /** Without `#`. */
  readonly channel: string;
  /** The raw line, without CR LF. */
  readonly line: string;
}

/** Where chat comes from. Asked for one line at a time, so that no source need be finite. */
export interface ChatSource {
  /** The next line, not before the last one in `timeUs`, or `undefined` when there is no more. */
  next(): TimedLine | undefined;
}

/** A channel's chat, with what a newcomer is told. */
export interface ChannelChat {
  /** All that happens there. Each source is on its own, none waits for another. */
  readonly sources: readonly ChatSource[];
  /** The room's settings now. */
  settings(): RoomState;
  /** Some of those who are there now. */
  chatters(): readonly string[];
}
