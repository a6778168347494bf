import { HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { HourToIndex } from "../../ports/index/chat_index.ts";
import { Lru } from "../../core/lru.ts";
import type { Connection } from "./connection.ts";
import type { OpenDatabase } from "./index_database.ts";
import { HOURS_PER_CHANNEL, idValue, MINUTES_PER_CHANNEL } from "./index_schema.ts";
import {
  blockOf,
  decodeMinutes,
  encodeMinutes,
  roleBits,
  type StoredMinute,
} from "../index_rows/person_minutes.ts";
import { formatCounts } from "../index_rows/index_values.ts";
import { ByteReader, ByteWriter } from "../index_rows/varints.ts";
import { wordToken } from "../index_rows/word_token.ts";

const PEOPLE_REMEMBERED = 32_768;
const MINUTES_PER_HOUR = 60;

/** The numbers of users, as far as they are remembered: of one database while no other process changes it. */
export class PeopleNumbers {
  readonly #numbers = new Lru<string, number>({ countMax: PEOPLE_REMEMBERED });
  #state = "";

  /** Begins a transaction of `database`: forgets all if another process may have changed what is known. */
  begin({ writer, epoch }: OpenDatabase): void {
    const state = `${epoch} ${writer.get("PRAGMA data_version")?.["data_version"]}`;
    if (state !== this.#state) this.clear();
    this.#state = state;
  }

  /** Forgets all, as when a transaction failed. */
  clear(): void {
    this.#state = "";
    this.#numbers.clear();
  }

  /** The number of a user under one login, who gets one if need be. */
  of(
    { writer }: OpenDatabase,
    { id, login }: { readonly id: string; readonly login: string },
  ): number {
    const key = `${id} ${login}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    // Thousands who join without saying a word share the empty id, and others the empty login: the `+` keeps SQLite
    // from looking through all of these.
    const where = login === "" ? "id = ? AND +login = ?" : "+id = ? AND login = ?";
    const found = writer.get(`SELECT no FROM people WHERE ${where}`, idValue(id), login) ??
      writer.get("INSERT INTO people (id, login) VALUES (?, ?) RETURNING no", idValue(id), login);
    const no = found!["no"] as number;
    this.#numbers.set(key, no);
    return no;
  }
}

/** Changes the hours of one channel, within a transaction. */
export class IndexWriter {
  readonly #database: OpenDatabase;
  readonly #writer: Connection;
  readonly #people: PeopleNumbers;
  readonly #rest: () => Promise<void>;
  readonly #channel: number;
  /** The hours since 1970 that are replaced or forgotten. */
  readonly #cleared = new Set<number>();
  /** What is new about users, by number. */
  readonly #added = new Map<number, StoredMinute[]>();
  /** Users who have a part in what is cleared: in which blocks. */
  readonly #touched = new Map<number, Set<number>>();

  /** Changes `channel`, which is made if need be. */
  constructor(
    channel: string,
    { database, people, rest }: {
      readonly database: OpenDatabase;
      readonly people: PeopleNumbers;
      readonly rest: () => Promise<void>;
    },
  ) {
    this.#database = database;
    this.#writer = database.writer;
    this.#people = people;
    this.#rest = rest;
    people.begin(database);
    const found = this.#writer.get("SELECT no FROM channels WHERE name = ?", channel) ??
      this.#writer.get("INSERT INTO channels (name, revision) VALUES (?, 0) RETURNING no", channel);
    this.#channel = found!["no"] as number;
  }

  /** Puts an hour in place of what is there. */
  async put({ hourUs, stamp, facts }: HourToIndex): Promise<void> {
    const hour = hourUs / HOUR_US;
    this.clear(hour);
    const key = this.#channel * HOURS_PER_CHANNEL + hour;
    const counts = formatCounts(facts.counts);
    this.#writer.run(
      "INSERT INTO hours (key, files, orders, folders, counts) VALUES (?, ?, ?, ?, ?)",
      key,
      stamp.files,
      stamp.orders,
      stamp.folders,
      counts,
    );
    for (const { roomId, firstUs, lastUs } of facts.rooms) {
      const sql =
        "INSERT INTO room_hours (channel, room, hour, first_us, last_us) VALUES (?, ?, ?, ?, ?)";
      this.#writer.run(sql, this.#channel, roomId, hour, firstUs, lastUs);
    }
    const numbers: number[] = [];
    for (const person of facts.people) {
      const no = this.#people.of(this.#database, person);
      numbers.push(no);
      this.#add(no, person.minutes);
    }
    await this.#rest();
    for (const { minuteUs, words } of facts.words) {
      const document = this.#channel * MINUTES_PER_CHANNEL + minuteUs / MINUTE_US;
      const tokens = words.map((word) => wordToken(word, this.#database.salt)).join(" ");
      this.#writer.run("INSERT INTO words (rowid, tokens) VALUES (?, ?)", document, tokens);
      await this.#rest();
    }
    this.#writer.run(
      "INSERT INTO hour_people (key, rooms, people, words) VALUES (?, ?, ?, ?)",
      key,
      facts.rooms.map(({ roomId }) => roomId).join(" "),
      encodeNumbers(numbers.sort((a, b) => a - b)),
      encodeNumbers(
        facts.words.map(({ minuteUs }) => minuteUs / MINUTE_US - hour * MINUTES_PER_HOUR),
      ),
    );
  }

  /** Clears an hour, counted since 1970. */
  clear(hour: number): void {
    const key = this.#channel * HOURS_PER_CHANNEL + hour;
    const known = this.#writer.get(
      "SELECT people, words, rooms FROM hour_people WHERE key = ?",
      key,
    );
    if (known === undefined) return;
    this.#cleared.add(hour);
    for (const no of decodeNumbers(known["people"])) this.#touch(no, hour * MINUTES_PER_HOUR);
    const words = decodeNumbers(known["words"]);
    const first = this.#channel * MINUTES_PER_CHANNEL + hour * MINUTES_PER_HOUR;
    for (const at of words) this.#writer.run("DELETE FROM words WHERE rowid = ?", first + at);
    if (words.length > 0) {
      this.#writer.run("INSERT OR REPLACE INTO meta VALUES ('unpurged', 1)");
    }
    this.#writer.run("DELETE FROM hours WHERE key = ?", key);
    this.#writer.run("DELETE FROM hour_people WHERE key = ?", key);
    for (const room of (known["rooms"] as string).split(" ")) {
      const sql = "DELETE FROM room_hours WHERE channel = ? AND room = ? AND hour = ?";
      this.#writer.run(sql, this.#channel, room, hour);
    }
  }

  /** Writes what users did, and counts the change. */
  async finish(): Promise<void> {
    for (const [no, blocks] of this.#touched) {
      await this.#rest();
      let isGone = false;
      for (const block of blocks) isGone = this.#writeBlock(no, block) || isGone;
      if (isGone) this.#forgetPerson(no);
    }
    const { revision } = this.#writer.get(
      "UPDATE meta SET value = value + 1 WHERE name = 'revision' RETURNING value AS revision",
    )!;
    this.#writer.run(
      "UPDATE channels SET revision = ? WHERE no = ?",
      revision as number,
      this.#channel,
    );
    const first = this.#channel * HOURS_PER_CHANNEL;
    this.#writer.run(
      "DELETE FROM channels WHERE no = ? AND NOT EXISTS (SELECT 1 FROM hours WHERE key >= ? AND key < ?)",
      this.#channel,
      first,
      first + HOURS_PER_CHANNEL,
    );
  }

  #add(no: number, minutes: HourToIndex["facts"]["people"][number]["minutes"]): void {
    let added = this.#added.get(no);
    if (added === undefined) this.#added.set(no, added = []);
    for (const { minuteUs, roles, messages } of minutes) {
      const minute = minuteUs / MINUTE_US;
      added.push({ minute, roles: roleBits(roles), messages });
      this.#touch(no, minute);
    }
  }

  /** Notes that a row of a user changes: of an hour at the edge of two blocks, each has a row. */
  #touch(no: number, minute: number): void {
    let blocks = this.#touched.get(no);
    if (blocks === undefined) this.#touched.set(no, blocks = new Set());
    blocks.add(blockOf(minute));
    const hour = Math.floor(minute / MINUTES_PER_HOUR);
    if (this.#cleared.has(hour)) blocks.add(blockOf((hour + 1) * MINUTES_PER_HOUR - 1));
  }

  /** Writes a row of a user. Whether nothing is left of it. */
  #writeBlock(no: number, block: number): boolean {
    const place = [no, this.#channel, block] as const;
    const where = "WHERE person = ? AND channel = ? AND block = ?";
    const known = this.#writer.get(`SELECT entries FROM minutes ${where}`, ...place);
    const minutes: StoredMinute[] = known === undefined
      ? []
      : decodeMinutes(block, known["entries"] as Uint8Array)
        .filter(({ minute }) => !this.#cleared.has(Math.floor(minute / MINUTES_PER_HOUR)));
    const added = (this.#added.get(no) ?? []).filter(({ minute }) => blockOf(minute) === block);
    const isSorted = (minutes.at(-1)?.minute ?? -1) < (added[0]?.minute ?? Infinity);
    for (const each of added) minutes.push(each);
    if (minutes.length === 0) {
      if (known !== undefined) this.#writer.run(`DELETE FROM minutes ${where}`, ...place);
      return true;
    }
    if (!isSorted) minutes.sort((a, b) => a.minute - b.minute);
    const entries = encodeMinutes(block, minutes);
    if (known === undefined) {
      const sql = "INSERT INTO minutes (person, channel, block, entries) VALUES (?, ?, ?, ?)";
      this.#writer.run(sql, ...place, entries);
    } else this.#writer.run(`UPDATE minutes SET entries = ? ${where}`, entries, ...place);
    return false;
  }

  #forgetPerson(no: number): void {
    if (this.#writer.get("SELECT 1 FROM minutes WHERE person = ? LIMIT 1", no) !== undefined) {
      return;
    }
    this.#writer.run("DELETE FROM people WHERE no = ?", no);
    this.#people.clear();
  }
}

/** The hour that starts at `hourUs`, or the first from there on, counted since 1970. */
export function hourNumber(timeUs: Micros): number {
  return Math.ceil(timeUs / HOUR_US);
}

/** Ascending numbers as differences, behind a checksum. */
function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  let before = 0;
  for (const number of numbers) {
    writer.number(number - before);
    before = number;
  }
  return writer.sealed();
}

function decodeNumbers(bytes: unknown): number[] {
  const reader = new ByteReader(bytes as Uint8Array);
  const numbers: number[] = [];
  for (let number = 0; !reader.isAtEnd;) numbers.push(number += reader.number());
  return numbers;
}
