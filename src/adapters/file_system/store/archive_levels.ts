import { isChannelName, parseHour } from "../../../core/archive/archive_key.ts";

/** The folder of a channel's redactions and coverage, which only chatloom reads and peers fetch. */
export const ROOM_FOLDER = ".chatloom";

/** The folders of one level of an archive. */
export interface Level {
  /** Whether one of them may be called so. */
  isName(name: string): boolean;
  /** What they are, in words. */
  readonly what: string;
}

const CHANNELS: Level = { isName: isChannelName, what: "the name of a channel" };
const HOURS: Level = { isName: (name) => parseHour(name) !== undefined, what: "an hour" };
const ROOMS: Level = {
  isName: (name) => name === "chat" || name === ROOM_FOLDER,
  what: `"chat" or "${ROOM_FOLDER}", the folders that a channel has`,
};
const OWN_ROOMS: Level = {
  isName: (name) => name === "redactions" || name === "coverage",
  what: '"redactions" or "coverage"',
};

/** What the folders inside `folder`, an archive's own, are called; `undefined` where the files are. */
export function levelOf([channel, room, own, hour]: readonly string[]): Level | undefined {
  if (channel === undefined) return CHANNELS;
  if (room === undefined) return ROOMS;
  if (room === "chat") return own === undefined ? HOURS : undefined;
  if (own === undefined) return OWN_ROOMS;
  return own === "coverage" && hour === undefined ? HOURS : undefined;
}

/** Whether `folder` has a name that a folder of an archive can have, from the root down. */
export function isArchiveFolder(folder: readonly string[]): boolean {
  return folder.every((name, i) => levelOf(folder.slice(0, i))?.isName(name));
}
