import { HOUR_US, hourOf, type Micros, MINUTE_US, TIME_END_US } from "../../core/time.ts";
import type {
  IndexedHour,
  IndexedMinute,
  IndexedPerson,
  IndexedRoom,
  IndexQuery,
  IndexSpan,
} from "../../ports/index/chat_index.ts";
import type { Connection, Row } from "./connection.ts";
import { DamagedIndexError } from "./damaged_index_error.ts";
import type { OpenDatabase } from "./index_database.ts";
import { HOURS_PER_CHANNEL, idValue, MINUTES_PER_CHANNEL } from "./index_schema.ts";
import { BLOCK_BITS, decodeMinutes, roleBits, type StoredMinute } from "./person_minutes.ts";
import { wordToken } from "./word_token.ts";

/** Answers questions from a database, within a transaction. */
export class IndexReader {
  readonly #reader: Connection;
  readonly #database: OpenDatabase;

  /** Reads `database`. */
  constructor(database: OpenDatabase) {
    this.#database = database;
    this.#reader = database.reader;
  }

  /** As `ChatIndex.revision`. */
  revision(channel: string | undefined): string {
    const row = channel === undefined
      ? this.#reader.get("SELECT value AS revision FROM meta WHERE name = 'revision'")
      : this.#reader.get("SELECT revision FROM channels WHERE name = ?", channel);
    return `${this.#database.epoch} ${row?.["revision"] ?? 0}`;
  }

  /** As `ChatIndex.channels`. */
  channels(): string[] {
    return this.#reader.all("SELECT name FROM channels ORDER BY name").map((row) =>
      textOf(row, "name")
    );
  }

  /** As `ChatIndex.hours`. */
  hours(channel: string, span: IndexSpan): IndexedHour[] {
    const no = this.#numberOf(channel);
    if (no === undefined) return [];
    const [from, until] = keyRange(no, { ...span, unitUs: HOUR_US, perChannel: HOURS_PER_CHANNEL });
    const sql =
      "SELECT key, files, orders, folders, counts FROM hours WHERE key >= ? AND key < ? ORDER BY key";
    return this.#reader.all(sql, from, until).map((row) => ({
      hourUs: (numberOf(row, "key") - no * HOURS_PER_CHANNEL) * HOUR_US,
      stamp: {
        files: textOf(row, "files"),
        orders: textOf(row, "orders"),
        folders: textOf(row, "folders"),
      },
      counts: countsOf(textOf(row, "counts")),
    }));
  }

  /** As `ChatIndex.rooms`. */
  rooms(counts: CountsHour = () => true): IndexedRoom[] {
    const found: IndexedRoom[] = [];
    for (const row of this.#reader.all("SELECT no, name FROM channels ORDER BY name")) {
      const [no, channel] = [numberOf(row, "no"), textOf(row, "name")];
      const isMeant = (hour: number) => counts(channel, hour * HOUR_US);
      for (let roomId = "";;) {
        // One step a room: a channel has one, with thousands of hours.
        const sql =
          "SELECT room FROM room_hours WHERE channel = ? AND room > ? ORDER BY room LIMIT 1";
        const next = this.#reader.get(sql, no, roomId);
        if (next === undefined) break;
        roomId = textOf(next, "room");
        const [first, last] = [
          this.#roomHour({ no, roomId, isMeant, isLast: false }),
          this.#roomHour({ no, roomId, isMeant, isLast: true }),
        ];
        if (first === undefined || last === undefined) continue;
        const firstUs = numberOf(first, "first_us");
        found.push({ channel, roomId, firstUs, lastUs: numberOf(last, "last_us") });
      }
    }
    return found;
  }

  /** The first or the last hour of a room that `isMeant`. */
  #roomHour({ no, roomId, isMeant, isLast }: {
    readonly no: number;
    readonly roomId: string;
    readonly isMeant: (hour: number) => boolean;
    readonly isLast: boolean;
  }): Row | undefined {
    const sql =
      "SELECT hour, first_us, last_us FROM room_hours WHERE channel = ? AND room = ? AND " +
      (isLast ? "hour < ? ORDER BY hour DESC LIMIT 1" : "hour > ? ORDER BY hour LIMIT 1");
    for (let from = isLast ? HOURS_PER_CHANNEL : -1;;) {
      const row = this.#reader.get(sql, no, roomId, from);
      if (row === undefined || isMeant(numberOf(row, "hour"))) return row;
      from = numberOf(row, "hour");
    }
  }

  /** As `ChatIndex.people`, in no order. */
  people(
    { ids = [], logins = [] }: {
      readonly ids?: readonly string[];
      readonly logins?: readonly string[];
    },
    counts: CountsHour = () => true,
  ): IndexedPerson[] {
    const found: IndexedPerson[] = [];
    const names = new Map(
      this.#reader.all("SELECT no, name FROM channels").map((
        row,
      ) => [row["no"], textOf(row, "name")]),
    );
    for (const person of this.#peopleNamed({ ids, logins })) {
      const [no, login] = [numberOf(person, "no"), textOf(person, "login")];
      const id = `${person["id"]}`;
      const blocks = new Map<number, number[]>();
      const sql = "SELECT channel, block FROM minutes WHERE person = ? ORDER BY channel, block";
      for (const row of this.#reader.all(sql, no)) {
        const place = numberOf(row, "channel");
        blocks.set(place, [...blocks.get(place) ?? [], numberOf(row, "block")]);
      }
      for (const [place, some] of blocks) {
        const channel = names.get(place);
        if (channel === undefined) throw new DamagedIndexError("a channel has no name");
        const isMeant = ({ minute }: StoredMinute) => counts(channel, hourOf(minute * MINUTE_US));
        const first = firstOf(some, (block) => this.#block(no, place, block).find(isMeant));
        const last = firstOf(
          some.reverse(),
          (block) => this.#block(no, place, block).findLast(isMeant),
        );
        if (first === undefined || last === undefined) continue;
        const firstMinuteUs = first.minute * MINUTE_US;
        found.push({ channel, id, login, firstMinuteUs, lastMinuteUs: last.minute * MINUTE_US });
      }
    }
    return found;
  }

  /** As `ChatIndex.find`. */
  find(channel: string, query: IndexQuery): IndexedMinute[] {
    const no = this.#numberOf(channel);
    if (no === undefined) return [];
    const { person, words } = query;
    const messages = person && this.#minutesOf(no, { ...query, person });
    const minutes = words === undefined
      ? [...messages?.keys() ?? []].sort((a, b) => a - b)
      : this.#minutesWith(no, { ...query, words }).filter((at) => messages?.has(at) !== false);
    return minutes.map((at) => ({ minuteUs: at * MINUTE_US, messages: messages?.get(at) ?? 0 }));
  }

  /** Minutes since 1970 → how many messages the users wrote. */
  #minutesOf(
    channel: number,
    { person, roles, fromUs = 0, untilUs = TIME_END_US }:
      & IndexQuery
      & Required<Pick<IndexQuery, "person">>,
  ): Map<number, number> {
    const bits = roles === undefined ? -1 : roleBits(roles);
    const [from, until] = [Math.ceil(fromUs / MINUTE_US), Math.ceil(untilUs / MINUTE_US)];
    const found = new Map<number, number>();
    const sql =
      "SELECT block, entries FROM minutes WHERE person = ? AND channel = ? AND block >= ? AND block <= ?";
    for (const named of this.#peopleNamed(person)) {
      const blocks = [from, until].map((minute) => Math.floor(minute / 2 ** BLOCK_BITS)) as [
        number,
        number,
      ];
      for (const row of this.#reader.all(sql, numberOf(named, "no"), channel, ...blocks)) {
        for (const { minute, roles, messages } of entriesOf(row, numberOf(row, "block"))) {
          if (minute < from || minute >= until || (roles & bits) === 0) continue;
          found.set(minute, (found.get(minute) ?? 0) + messages);
        }
      }
    }
    return found;
  }

  /** The minutes since 1970 that hold all words. */
  #minutesWith(
    channel: number,
    { words, ...span }: IndexQuery & Required<Pick<IndexQuery, "words">>,
  ): number[] {
    const [from, until] = keyRange(channel, {
      ...span,
      unitUs: MINUTE_US,
      perChannel: MINUTES_PER_CHANNEL,
    });
    const tokens = new Set(words.map((word) => `"${wordToken(word, this.#database.salt)}"`));
    const sql =
      "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid";
    return this.#reader.all(sql, [...tokens].join(" AND "), from, until)
      .map((row) => numberOf(row, "rowid") - channel * MINUTES_PER_CHANNEL);
  }

  /** The rows of users, each once. */
  #peopleNamed(
    { ids, logins }: { readonly ids: readonly string[]; readonly logins: readonly string[] },
  ): Iterable<Row> {
    const found = new Map<unknown, Row>();
    for (const [column, names] of [["id", ids], ["login", logins]] as const) {
      for (const name of names) {
        if (name === "") continue;
        const sql = `SELECT no, id, login FROM people WHERE ${column} = ?`;
        const value = column === "id" ? idValue(name) : name;
        for (const row of this.#reader.all(sql, value)) found.set(row["no"], row);
      }
    }
    return found.values();
  }

  #block(person: number, channel: number, block: number): StoredMinute[] {
    const sql = "SELECT entries FROM minutes WHERE person = ? AND channel = ? AND block = ?";
    return entriesOf(this.#reader.get(sql, person, channel, block) ?? {}, block);
  }

  #numberOf(channel: string): number | undefined {
    return this.#reader.get("SELECT no FROM channels WHERE name = ?", channel)?.["no"] as
      | number
      | undefined;
  }
}

/** Whether an hour of a channel counts. */
type CountsHour = (channel: string, hourUs: Micros) => boolean;

function firstOf<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys of a channel in a span. */
function keyRange(
  channel: number,
  { fromUs = 0, untilUs = TIME_END_US, unitUs, perChannel }: IndexSpan & {
    readonly unitUs: Micros;
    readonly perChannel: number;
  },
): [number, number] {
  const first = channel * perChannel;
  const within = (us: Micros) => Math.ceil(Math.min(Math.max(0, us), TIME_END_US) / unitUs);
  return [first + within(fromUs), first + within(untilUs)];
}

function countsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text === "" ? [] : text.split("\n")) {
    const [command = "", count = ""] = line.split(" ");
    if (!/^[1-9]\d*$/.test(count)) throw new DamagedIndexError("a count is no number");
    counts.set(command, Number(count));
  }
  return counts;
}

function entriesOf(row: Row, block: number): StoredMinute[] {
  const entries = row["entries"];
  if (!(entries instanceof Uint8Array)) throw new DamagedIndexError("a row has no bytes");
  return decodeMinutes(block, entries);
}

function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new DamagedIndexError(`a row has no ${column}`);
  return value;
}

function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new DamagedIndexError(`a row has no ${column}`);
  return value;
}
