import type { Message } from "../../core/batch/message.ts";
import { type LogPerson, personOf } from "../../core/logs/log_person.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { ALL_TIME, type ChatLog, type LogQuery } from "./chat_log.ts";
import type { ChannelSpan, PersonSpan, TimeSpan } from "./minute_finder.ts";
import type { Room } from "./room_directory.ts";

/** Commands by which a user says something. */
const SPOKEN: ReadonlySet<string> = new Set(["PRIVMSG", "USERNOTICE"]);

/** At most this many users are counted at a time; beyond it those with the fewest messages are forgotten. */
const USERS_MAX = 300_000;

/** How much a user wrote. */
export interface ChatterCount {
  readonly id: string;
  /** The login of the user's newest message. */
  readonly login: string;
  readonly messages: number;
}

/** How much was written in a room. */
export interface RoomCount {
  readonly messages: number;
  /** Those who wrote most, at most 5, from the most on. */
  readonly top: readonly ChatterCount[];
}

type CountQuery = TimeSpan & Pick<LogQuery, "signal">;

/**
 * Counts what users wrote in a room. Every line is read.
 *
 * @throws {ScanTimeoutError} when it reads for too long without finding any.
 * @throws {ChatloomError} when the store fails.
 */
export async function countRoom(log: ChatLog, room: Room, query: CountQuery): Promise<RoomCount> {
  const counts = new Map<string, { id: string; login: string; messages: number }>();
  let messages = 0;
  for await (const lines of log.lines(room, { ...query, commands: SPOKEN })) {
    messages += lines.length;
    for (const { message } of lines) {
      const { id, login } = personOf(message);
      const key = id === "" ? ` ${login}` : id;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { id, login, messages: 1 });
      else {
        known.messages++;
        known.login = login;
      }
    }
    for (let least = 1; counts.size > USERS_MAX; least *= 2) {
      for (const [key, count] of counts) if (count.messages <= least) counts.delete(key);
    }
  }
  const top = [...counts.values()]
    .sort((a, b) => b.messages - a.messages || (a.id < b.id ? -1 : 1)).slice(0, 5);
  return { messages, top };
}

/** Counts what a user wrote in a room. Throws as {@link countRoom}. */
export async function countPerson(
  log: ChatLog,
  room: Room,
  { person, ...query }: CountQuery & { readonly person: LogPerson },
): Promise<number> {
  let count = 0;
  for await (const lines of log.lines(room, { ...query, person, commands: SPOKEN })) {
    count += lines.length;
  }
  return count;
}

/** A login of a user, and when messages tell it. */
export interface LoginSpan {
  readonly login: string;
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

/**
 * The logins under which all rooms know the user with an id, by the time of the first message of each.
 *
 * @throws {ScanTimeoutError} when it reads for too long without finding any.
 * @throws {ChatloomError} when the store fails.
 */
export async function loginsOf(
  log: ChatLog,
  id: string,
  { signal }: Pick<LogQuery, "signal"> = {},
): Promise<LoginSpan[]> {
  const found = new Map<string, { login: string; firstUs: Micros; lastUs: Micros }>();
  const add = (login: string, timeUs: Micros) => {
    const known = found.get(login);
    if (login === "") return;
    if (known === undefined) found.set(login, { login, firstUs: timeUs, lastUs: timeUs });
    else {
      known.firstUs = Math.min(known.firstUs, timeUs);
      known.lastUs = Math.max(known.lastUs, timeUs);
    }
  };
  const budget = log.budget();
  const isNamed = (message: Message) => personOf(message).id === id;
  const person = { id, login: "" };
  const { names, unread } = await namesAndGaps(log, id);
  for (const { channel, login, firstMinuteUs, lastMinuteUs } of names) {
    const query = {
      person,
      budget,
      signal,
      fromUs: firstMinuteUs,
      untilUs: lastMinuteUs + MINUTE_US,
      accepts: (message: Message) => isNamed(message) && personOf(message).login === login,
    };
    // The index knows minutes, also those in which others name the user.
    for (const isReversed of [false, true]) {
      const line = await log.firstLine(roomOf(channel), { ...query, isReversed });
      if (line !== undefined) add(login, line.startUs);
    }
  }
  for (const { channel, ...span } of unread) {
    const query = { ...span, person, budget, signal, accepts: isNamed };
    for await (const lines of log.lines(roomOf(channel), query)) {
      for (const { message, startUs } of lines) add(personOf(message).login, startUs);
    }
  }
  return [...found.values()].sort((a, b) => a.firstUs - b.firstUs);
}

/** A folder as a room of its own: which room its messages are of does not matter here. */
function roomOf(channel: string): Room {
  return { id: "", login: channel, spans: [{ channel, ...ALL_TIME }] };
}

/** The names that an index knows, and what has to be read: its gaps, or all. */
async function namesAndGaps(
  log: ChatLog,
  id: string,
): Promise<{ readonly names: readonly PersonSpan[]; readonly unread: readonly ChannelSpan[] }> {
  const { finder } = log.source;
  try {
    if (finder !== undefined) {
      const { found, gaps } = await finder.people([id]);
      return { names: found.filter((name) => name.id === id), unread: gaps };
    }
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error; // The archive knows it too.
  }
  const channels = (await log.rooms.all()).flatMap(({ spans }) => spans.map((s) => s.channel));
  return { names: [], unread: [...new Set(channels)].map((channel) => ({ channel, ...ALL_TIME })) };
}
