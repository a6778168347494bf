import { type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../../core/time.ts";

/** The path of the names of a node's channels. */
export const CHANNELS_PATH = "files";

/** Which minutes of a channel, and what of them. */
export interface WantedMinutes {
  readonly fromUs: Micros;
  readonly untilUs: Micros;
  /** Only messages of these users and commands. @default all */
  readonly wanted?:
    | { readonly users: ReadonlySet<string>; readonly commands: ReadonlySet<string> }
    | undefined;
}

/** The path of the hours of a channel that have files. */
export function hoursPath(channel: string): string {
  return `files/${channel}/chat`;
}

/** The path of the messages of a channel's minutes. */
export function minutesPath(
  channel: string,
  { fromUs, untilUs, wanted }: WantedMinutes,
): string {
  const query = new URLSearchParams({
    start: formatInstant(minuteOf(fromUs)),
    end: formatInstant(endOfMinutes(untilUs)),
  });
  if (wanted !== undefined && wanted.users.size > 0) query.set("user", [...wanted.users].join());
  if (wanted !== undefined && wanted.commands.size > 0) {
    query.set("command", [...wanted.commands].join());
  }
  return `${channel}/chat.ndjson?${query}`;
}

/** The end of the last minute that starts before `untilUs`. */
export function endOfMinutes(untilUs: Micros): Micros {
  return Math.min(minuteOf(untilUs + MINUTE_US - 1), TIME_END_US);
}

/** A time in the form that a node's queries take, to the millisecond. */
export function formatInstant(timeUs: Micros): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString();
}
