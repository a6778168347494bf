import { coveragePrefix } from "../../core/archive/archive_key.ts";
import { LOGGED_COMMANDS } from "../../core/logs/log_fields.ts";
import { concerns, type LogPerson, personOf } from "../../core/logs/log_person.ts";
import { formatString } from "../../core/json/canonical_json.ts";
import { Lru } from "../../core/lru.ts";
import type { Message } from "../../core/batch/message.ts";
import {
  HOUR_US,
  hourOf,
  type Micros,
  MINUTE_US,
  SECOND_US,
  TIME_END_US,
} from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { SharedChatReader } from "../api/chat/shared_chat_reader.ts";
import type { OptOuts } from "../optout/opt_outs.ts";
import { ListenedTime } from "./listened_time.ts";
import type { MinuteFinder, TimeSpan } from "./minute_finder.ts";
import type { LinePick, LogLine } from "./pick_lines.ts";
import { hoursWithChat } from "./hours_with_chat.ts";
import { type Room, RoomDirectory } from "./room_directory.ts";
import { roomLines, type RoomLinesQuery, type RoomLinesSource } from "./room_lines.ts";
import { ScanBudget } from "./scan_budget.ts";

/** What a {@link ChatLog} works with. */
export interface ChatLogOptions {
  /** The archive, with its open minutes. */
  readonly store: BatchStore;
  /** Reads it for all routes. */
  readonly reader: SharedChatReader;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
  /** Where is noted which hours are settled. */
  readonly settled?: SettledNotes | undefined;
  /** Narrows questions to minutes. Without it, all are read. */
  readonly finder?: MinuteFinder | undefined;
  /** Who is left out of answers. @default no user and no channel */
  readonly optOuts?: OptOuts | undefined;
  /** How long an answer may read without finding anything, in microseconds. @default 30 s */
  readonly scanMaxUs?: Micros | undefined;
}

/** Which lines of a room. */
export interface LogQuery extends TimeSpan {
  /** Newest first. @default false */
  readonly isReversed?: boolean;
  /** Only what this user wrote, or what dealt with the user. @default all users */
  readonly person?: LogPerson | undefined;
  /**
   * Only messages that name one of these users, by login in lower case or by id as `id:123`: an index narrows by
   * them. Which of the messages are wanted says {@link LogQuery.accepts}.
   */
  readonly namedUsers?: readonly string[] | undefined;
  /** Whether a gift is also in the log of its recipient. @default false */
  readonly countsGifts?: boolean;
  /** @default {@link LOGGED_COMMANDS} */
  readonly commands?: LinePick["commands"];
  /** Only messages that hold all of these words; an index narrows by them. */
  readonly words?: readonly string[];
  /** Only lines that hold one of these texts, as {@link LinePick} has them. */
  readonly needles?: readonly string[] | undefined;
  /** Any further condition. */
  readonly accepts?: (message: Message) => boolean;
  /** Bounds reading. @default a budget of its own */
  readonly budget?: ScanBudget;
  readonly signal?: AbortSignal | undefined;
}

/** All of time. */
export const ALL_TIME: TimeSpan = { fromUs: 0, untilUs: TIME_END_US };

const DEFAULT_SCAN_US = 30 * SECOND_US;

/** The bulk reader needs a cache only for the minutes that it reads now. */
const BULK_CACHE_MAX_BYTES = 8 * 1024 * 1024;

const PERSONS_KNOWN_MAX = 10_000;
const PERSON_FRESH_US = 30 * SECOND_US;
/** Who was not found may have spoken since, in messages that were sent up to this long before. */
const NEWCOMER_LATE_US = MINUTE_US;

interface KnownPerson {
  readonly person: LogPerson | undefined;
  /** When it was looked for in all of time, by the clock that only elapses, and by that of the wall. */
  readonly atUs: Micros;
  readonly wallUs: Micros;
}

/** Answers questions about logs, for all APIs. Lines come from the archive; an index only says where to look. */
export class ChatLog {
  /** The rooms of the archive. */
  readonly rooms: RoomDirectory;
  /** How long no receiver listened. */
  readonly listened: ListenedTime;
  /** What lines are read with. */
  readonly source: RoomLinesSource;
  /** The clock. */
  readonly clock: Clock;
  /** Chooses random lines. */
  readonly random: Random;
  /** Who is left out. */
  readonly optOuts: OptOuts | undefined;
  readonly #scanMaxUs: Micros;
  readonly #persons = new Lru<string, KnownPerson>({ countMax: PERSONS_KNOWN_MAX });

  /** Reads nothing before it is asked. */
  constructor(options: ChatLogOptions) {
    const { store, reader, clock, random, finder, optOuts } = options;
    const bulkReader = new SharedChatReader({
      ...options,
      cacheMaxBytes: BULK_CACHE_MAX_BYTES,
      bootName: "",
    });
    this.source = { store, reader, bulkReader, clock, finder };
    this.rooms = new RoomDirectory({ store, reader: bulkReader, clock, finder });
    this.listened = new ListenedTime(options);
    this.clock = clock;
    this.random = random;
    this.optOuts = optOuts;
    this.#scanMaxUs = options.scanMaxUs ?? DEFAULT_SCAN_US;
  }

  /** A budget for one question. */
  budget(): ScanBudget {
    return new ScanBudget(this.clock, this.#scanMaxUs);
  }

  /**
   * The lines of a room, some at a time, in order. A line is at the start of its range.
   *
   * @throws {ScanTimeoutError} when it reads for too long without finding any.
   * @throws {ChatloomError} when the store fails.
   */
  lines(room: Room, query: LogQuery): AsyncGenerator<LogLine[]> {
    return roomLines(room, this.#toRoomQuery(query), this.source);
  }

  /** The first line of a query in its order; `undefined` if there is none. Throws as {@link ChatLog.lines}. */
  async firstLine(room: Room, query: LogQuery): Promise<LogLine | undefined> {
    for await (const lines of this.lines(room, query)) return lines[0];
    return undefined;
  }

  /**
   * The user whom a room's messages name so, by the newest one; `undefined` if none does. By login this is the
   * user who bore it last. Throws as {@link ChatLog.lines}.
   */
  async person(
    room: Room,
    asked: { readonly id: string } | { readonly login: string },
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<LogPerson | undefined> {
    const wanted: LogPerson = { id: "", login: "", ...asked };
    const key = JSON.stringify([room.id, room.login, wanted.id, wanted.login]);
    const { atUs, wallUs } = { atUs: this.clock.elapsedUs(), wallUs: this.clock.wallUs() };
    const known = this.#persons.get(key);
    const isFresh = known !== undefined && atUs - known.atUs < PERSON_FRESH_US;
    if (isFresh && known.person !== undefined) return known.person;
    // Who says a first message is known at once; all of time is not searched again for that.
    const fromUs = isFresh ? Math.max(0, known.wallUs - NEWCOMER_LATE_US) : 0;
    const person = await this.#newestBearer(room, wanted, { fromUs, signal });
    const searched = isFresh ? known : { atUs, wallUs };
    this.#persons.set(key, { ...searched, person });
    return person;
  }

  async #newestBearer(
    room: Room,
    wanted: LogPerson,
    { fromUs, signal }: { readonly fromUs: Micros; readonly signal: AbortSignal | undefined },
  ): Promise<LogPerson | undefined> {
    const line = await this.firstLine(room, {
      ...ALL_TIME,
      fromUs,
      isReversed: true,
      person: wanted,
      accepts: (message) => {
        const { id, login } = personOf(message);
        return wanted.id === "" ? login === wanted.login : id === wanted.id;
      },
      signal,
    });
    return line && personOf(line.message);
  }

  /**
   * The hours of a channel that have chat, ascending. Such an hour may be empty.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async hours(channel: string): Promise<readonly Micros[]> {
    return await hoursWithChat(channel, this.source);
  }

  /** The first hour of a channel that has files; `Infinity` if none has. Throws as {@link ChatLog.hours}. */
  async firstHour(channel: string): Promise<Micros> {
    return (await this.hours(channel))[0] ?? Infinity;
  }

  /**
   * Whether a channel has chat or coverage of an hour from the one that holds `fromUs` on, and so was recorded then.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async isRecordedSince(channel: string, fromUs: Micros): Promise<boolean> {
    const firstUs = hourOf(fromUs);
    if (((await this.hours(channel)).at(-1) ?? -1) >= firstUs) return true;
    for (let hourUs = hourOf(this.clock.wallUs()); hourUs >= firstUs; hourUs -= HOUR_US) {
      for await (const _ of this.source.store.list(coveragePrefix(channel, hourUs))) return true;
    }
    return false;
  }

  #toRoomQuery(query: LogQuery): RoomLinesQuery {
    const { fromUs, untilUs, isReversed = false, person, namedUsers, words, signal } = query;
    const { countsGifts = false, commands = LOGGED_COMMANDS, accepts = () => true } = query;
    const { optOuts } = this;
    return {
      fromUs,
      untilUs,
      isReversed,
      signal,
      budget: query.budget ?? this.budget(),
      ...(namedUsers === undefined ? {} : { person: questionOfNames(namedUsers) }),
      ...(person === undefined ? {} : { person: questionOf(person) }),
      ...(words === undefined ? {} : { words }),
      pick: {
        commands,
        needles: person === undefined ? query.needles : needlesOf(person),
        accepts: (message) => {
          if (person !== undefined && !concerns(message, person, { countsGifts })) return false;
          if (optOuts?.isUserOptedOut(personOf(message).id) === true) return false;
          return accepts(message);
        },
      },
    };
  }
}

function questionOf({ id, login }: LogPerson) {
  return { ids: id === "" ? [] : [id], logins: login === "" ? [] : [login] };
}

function questionOfNames(names: readonly string[]) {
  const ids = names.filter((name) => name.startsWith("id:"));
  return {
    ids: ids.map((name) => name.slice(3)),
    logins: names.filter((name) => !name.startsWith("id:")),
  };
}

/** What a line that names a user holds: the id in quotes, or the login at the end of a text. */
function needlesOf({ id, login }: LogPerson): string[] {
  const escaped = (text: string) => formatString(text).slice(1).toLowerCase();
  return [
    ...(id === "" ? [] : [`"${escaped(id)}`]),
    ...(login === "" ? [] : [escaped(login)]),
  ];
}
