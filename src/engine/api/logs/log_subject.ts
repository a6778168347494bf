import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { LogPerson } from "../../../core/logs/log_person.ts";
import type { Room } from "../../logs/room_directory.ts";
import type { ParameterNote } from "../route/api_route.ts";
import { JUSTLOG_OPTED_OUT, type LogContext, nothingThere, Refusal } from "./log_context.ts";

/** Longer names are no login and no id: they must not fill what is remembered of users. */
const NAME_MAX_LENGTH = 64;

/** Whether a name in a path or query is a login or an id. */
export interface AskedName {
  readonly kind: "login" | "id";
  readonly name: string;
}

/** A path of a channel; `channelKind` is `channel` or `channelid`. */
export const CHANNEL_PATH = "/:channelKind{channel(?:id)?}/:channel";
/** A path of a user in a channel; `userKind` is `user` or `userid`. */
export const USER_PATH = `${CHANNEL_PATH}/:userKind{user(?:id)?}/:user`;

const kindNote = (name: string, word: string): ParameterNote => ({
  name,
  description: `Whether the ${word} is named by login or by id`,
  schema: { type: "string", enum: [word, `${word}id`] },
});

/** What the API's description says of {@link CHANNEL_PATH}. */
export const CHANNEL_NOTES: readonly ParameterNote[] = [
  kindNote("channelKind", "channel"),
  { name: "channel", description: "The channel's login or id", schema: { type: "string" } },
];

/** What the API's description says of {@link USER_PATH}. */
export const USER_NOTES: readonly ParameterNote[] = [
  ...CHANNEL_NOTES,
  kindNote("userKind", "user"),
  { name: "user", description: "The user's login or id", schema: { type: "string" } },
];

/** The channel that a path names. */
export function askedChannel(params: { readonly [name: string]: string }): AskedName {
  return {
    kind: params["channelKind"] === "channelid" ? "id" : "login",
    name: params["channel"] ?? "",
  };
}

/** The user that a path names. */
export function askedUser(params: { readonly [name: string]: string }): AskedName {
  return { kind: params["userKind"] === "userid" ? "id" : "login", name: params["user"] ?? "" };
}

/**
 * The room of a channel. Logins are compared without case.
 *
 * @throws {Refusal} 404 when the archive has none of that name.
 */
export async function findRoom(context: LogContext, { kind, name }: AskedName): Promise<Room> {
  const { log } = context;
  if (name.length > NAME_MAX_LENGTH) throw nothingThere(context);
  const room = kind === "id"
    ? await log.rooms.byId(name)
    : await log.rooms.byLogin(name.toLowerCase());
  if (room === undefined) throw nothingThere(context);
  return room;
}

/**
 * The user in a room, by the newest message that names the user so.
 *
 * @throws {Refusal} 403 when the user has opted out, 404 when no message names the user.
 */
export async function findPerson(
  context: LogContext,
  room: Room,
  { kind, name }: AskedName,
  abort: AbortOptions = {},
): Promise<LogPerson> {
  const { log } = context;
  if (name.length > NAME_MAX_LENGTH) throw nothingThere(context);
  const asked = kind === "id" ? { id: name } : { login: name.toLowerCase() };
  if (kind === "id" && log.optOuts?.isUserOptedOut(name) === true) throw userOptedOut(context);
  const person = await log.person(room, asked, abort);
  if (person === undefined) throw nothingThere(context);
  if (log.optOuts?.isUserOptedOut(person.id) === true) throw userOptedOut(context);
  return person;
}

/** The refusal of a user who has opted out, in the words of the dialect. */
function userOptedOut({ api }: LogContext): Refusal {
  if (api === "justlog") return new Refusal(403, JUSTLOG_OPTED_OUT);
  return new Refusal(403, "The requested user has opted out of being logged");
}
