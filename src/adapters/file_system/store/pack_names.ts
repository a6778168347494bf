import { isChannelName, parseHour } from "../../../core/archive/archive_key.ts";
import { ROOM_FOLDER } from "./archive_levels.ts";

const SUFFIX = ".tar.zst";

/** The folder of a channel's packs, relative to the archive. */
export function packsFolder(channel: string): string {
  return `${channel}/${ROOM_FOLDER}/packs`;
}

/** What the pack of an hour is called. */
export function packName(hour: string): string {
  return `${hour}${SUFFIX}`;
}

/** The hour that a pack of this name holds; `undefined` if no pack is called so. */
export function packedHour(name: string): string | undefined {
  const hour = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : "";
  return parseHour(hour) === undefined ? undefined : hour;
}

/**
 * Where the packed part of a folder of an archive is: the folder of packs for `CHANNEL/chat`, the pack for an
 * hour in it; `undefined` for other folders, of which nothing is packed.
 */
export function packPath(folder: string): string | undefined {
  const [channel = "", room, hour, ...rest] = folder.split("/");
  if (room !== "chat" || !isChannelName(channel) || rest.length > 0) return undefined;
  if (hour === undefined) return packsFolder(channel);
  return parseHour(hour) === undefined ? undefined : `${packsFolder(channel)}/${packName(hour)}`;
}
