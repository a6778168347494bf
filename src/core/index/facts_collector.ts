import type { IrcMessage } from "../batch/message.ts";
import { LINE_FEED } from "../bytes.ts";
import { parseCanonicalLine } from "../scan/canonical_line.ts";
import { addWords } from "../text/fold_words.ts";
import { searchedText } from "../text/message_filter.ts";
import { type Micros, readStart } from "../time.ts";
import { namedUsers } from "../users/named_users.ts";
import {
  type HourFacts,
  type MinuteWords,
  PERSON_ROLES,
  type PersonFacts,
  type PersonMinute,
  type PersonName,
  type PersonRole,
} from "./hour_facts.ts";

/** Commands by which a user says something. */
const SPOKEN: ReadonlySet<string> = new Set(["PRIVMSG", "USERNOTICE", "WHISPER"]);

/** How many lines are read between two steps: one to two milliseconds of work. */
const STEP_LINES = 256;

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const LOGIN = /^[a-z0-9_]{1,32}$/;

/** Whether an index keeps users of this id. Others are garbage, and have to be looked for by reading. */
export function isIndexedId(id: string): boolean {
  return ID.test(id);
}

/** Whether an index keeps users of this login, in lower case; as {@link isIndexedId}. */
export function isIndexedLogin(login: string): boolean {
  return LOGIN.test(login);
}

interface OpenPerson extends PersonName {
  readonly minutes: { minuteUs: Micros; roles: number; messages: number }[];
}

/** Collects the facts of an hour of a channel, minute by minute. Pure: the same minutes, the same facts. */
export class FactsCollector {
  readonly #counts = new Map<string, number>();
  readonly #rooms = new Map<string, { roomId: string; firstUs: Micros; lastUs: Micros }>();
  readonly #people = new Map<string, OpenPerson>();
  readonly #words: MinuteWords[] = [];

  /**
   * Adds a minute, in short steps.
   *
   * @param minute.minuteUs later than those before.
   * @param minute.bytes its messages in normal form, as lines of canonical JSON.
   * @throws {SyntaxError} when a line is not JSON.
   */
  *adding({ minuteUs, bytes }: {
    readonly minuteUs: Micros;
    readonly bytes: Uint8Array;
  }): Generator<undefined, void, undefined> {
    const words = new Set<string>();
    let lines = 0;
    for (let from = 0; from < bytes.length;) {
      const feed = bytes.indexOf(LINE_FEED, from);
      const to = feed < 0 ? bytes.length : feed;
      const message = parseCanonicalLine(bytes.subarray(from, to));
      from = to + 1;
      this.#addMessage(message, minuteUs);
      addWords(words, searchedText(message));
      if (++lines % STEP_LINES === 0) yield;
    }
    if (words.size > 0) this.#words.push({ minuteUs, words: [...words] });
  }

  /** The facts of all minutes that were added. */
  facts(): HourFacts {
    const people: PersonFacts[] = [];
    for (const { id, login, minutes } of this.#people.values()) {
      people.push({ id, login, minutes: minutes.map(toPersonMinute) });
    }
    const rooms = [...this.#rooms.values()].map((room) => ({ ...room }))
      .sort((a, b) => a.roomId < b.roomId ? -1 : 1);
    return { counts: new Map(this.#counts), rooms, people, words: [...this.#words] };
  }

  #addMessage(message: IrcMessage & { readonly time: number }, minuteUs: Micros): void {
    const { command, tags } = message;
    this.#counts.set(command, (this.#counts.get(command) ?? 0) + 1);
    const roomId = tags?.["room-id"] ?? "";
    if (isIndexedId(roomId)) this.#addRoom(roomId, readStart(message.time));
    for (const { role, ids, names } of namedUsers(message)) {
      const bit = 1 << PERSON_ROLES.indexOf(personRole(command, role));
      const logins = names.filter(isIndexedLogin);
      if (ids.length === 0) {
        for (const login of logins) this.#addPerson({ id: "", login }, { minuteUs, bit });
      }
      for (const id of ids) {
        if (!isIndexedId(id)) continue;
        // A role that several users share does not say which login is whose.
        if (ids.length > 1 || logins.length === 0) {
          this.#addPerson({ id, login: "" }, { minuteUs, bit });
        } else for (const login of logins) this.#addPerson({ id, login }, { minuteUs, bit });
      }
      if (ids.length > 1) {
        for (const login of logins) this.#addPerson({ id: "", login }, { minuteUs, bit });
      }
    }
  }

  #addRoom(roomId: string, startUs: Micros): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) this.#rooms.set(roomId, { roomId, firstUs: startUs, lastUs: startUs });
    else {
      room.firstUs = Math.min(room.firstUs, startUs);
      room.lastUs = Math.max(room.lastUs, startUs);
    }
  }

  #addPerson(
    { id, login }: PersonName,
    { minuteUs, bit }: { readonly minuteUs: Micros; readonly bit: number },
  ): void {
    const key = `${id} ${login}`;
    let person = this.#people.get(key);
    if (person === undefined) this.#people.set(key, person = { id, login, minutes: [] });
    let minute = person.minutes.at(-1);
    if (minute?.minuteUs !== minuteUs) {
      person.minutes.push(minute = { minuteUs, roles: 0, messages: 0 });
    }
    minute.roles |= bit;
    if (bit === SPOKE_BIT) minute.messages++;
  }
}

const SPOKE_BIT = 1 << PERSON_ROLES.indexOf("spoke");

function personRole(command: string, role: string): PersonRole {
  if (role === "target") return "dealtWith";
  if (role !== "") return "named";
  if (SPOKEN.has(command)) return "spoke";
  return command === "CLEARMSG" ? "dealtWith" : "named";
}

function toPersonMinute(
  { minuteUs, roles, messages }: OpenPerson["minutes"][number],
): PersonMinute {
  return { minuteUs, roles: PERSON_ROLES.filter((_, i) => (roles & 1 << i) !== 0), messages };
}
