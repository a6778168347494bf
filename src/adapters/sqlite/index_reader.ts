import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../core/time.ts";
import type {
  IndexedHour,
  IndexedMinute,
  IndexedPerson,
  IndexedRoom,
  IndexQuery,
  IndexSpan,
} from "../../ports/index/chat_index.ts";
import type { Connection, Row } from "./connection.ts";
import { DamagedIndexError } from "../index_rows/damaged_index_error.ts";
import type { OpenDatabase } from "./index_database.ts";
import { HOURS_PER_CHANNEL, idValue, MINUTES_PER_CHANNEL } from "./index_schema.ts";
import { blockOf, type StoredMinute } from "../index_rows/person_minutes.ts";
import { FoundMinutes } from "../index_rows/found_minutes.ts";
import { hourOfRow, minutesIn, numbersOf, textIn } from "../index_rows/index_values.ts";
import { wordToken } from "../index_rows/word_token.ts";

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
      textIn(row, "name")
    );
  }

  /** As `ChatIndex.hours`. */
  hours(channel: string, span: IndexSpan): IndexedHour[] {
    const no = this.#numberOf(channel);
    if (no === undefined) return [];
    const first = no * HOURS_PER_CHANNEL;
    const [from, until] = numbersOf(span, HOUR_US);
    const sql =
      "SELECT key, files, orders, folders, counts FROM hours WHERE key >= ? AND key < ? ORDER BY key";
    return this.#reader.all(sql, first + from, first + until).map((row) =>
      hourOfRow(numberOf(row, "key") - first, (column) => textIn(row, column))
    );
  }

  /** As `ChatIndex.rooms`. */
  rooms(counts: CountsHour = () => true): IndexedRoom[] {
    const found: IndexedRoom[] = [];
    for (const row of this.#reader.all("SELECT no, name FROM channels ORDER BY name")) {
      const [no, channel] = [numberOf(row, "no"), textIn(row, "name")];
      const isMeant = (hour: number) => counts(channel, hour * HOUR_US);
      for (let roomId = "";;) {
        // One step a room: a channel has one, with thousands of hours.
        const sql =
          "SELECT room FROM room_hours WHERE channel = ? AND room > ? ORDER BY room LIMIT 1";
        const next = this.#reader.get(sql, no, roomId);
        if (next === undefined) break;
        roomId = textIn(next, "room");
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
      ) => [row["no"], textIn(row, "name")]),
    );
    for (const person of this.#peopleNamed({ ids, logins })) {
      const [no, login] = [numberOf(person, "no"), textIn(person, "login")];
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
    const found = new FoundMinutes(query);
    if (person !== undefined) this.#findPerson(no, person, found);
    if (words === undefined) return found.ofPerson();
    return found.ofWords(this.#minutesWith(no, words, found.span), {
      hasPerson: person !== undefined,
    });
  }

  #findPerson(
    channel: number,
    person: Required<IndexQuery>["person"],
    found: FoundMinutes,
  ): void {
    const blocks = found.span.map(blockOf);
    const sql =
      "SELECT block, entries FROM minutes WHERE person = ? AND channel = ? AND block >= ? AND block <= ?";
    for (const named of this.#peopleNamed(person)) {
      for (const row of this.#reader.all(sql, numberOf(named, "no"), channel, ...blocks)) {
        found.add(minutesIn(row, numberOf(row, "block")));
      }
    }
  }

  /** The minutes since 1970 that hold all words. */
  #minutesWith(
    channel: number,
    words: readonly string[],
    [from, until]: FoundMinutes["span"],
  ): number[] {
    const first = channel * MINUTES_PER_CHANNEL;
    const tokens = new Set(words.map((word) => `"${wordToken(word, this.#database.salt)}"`));
    const sql =
      "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid";
    return this.#reader.all(sql, [...tokens].join(" AND "), first + from, first + until)
      .map((row) => numberOf(row, "rowid") - first);
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
    return minutesIn(this.#reader.get(sql, person, channel, block) ?? {}, block);
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

function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new DamagedIndexError(`a row has no ${column}`);
  return value;
}
