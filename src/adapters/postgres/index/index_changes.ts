import { HOUR_US, MINUTE_US } from "../../../core/time.ts";
import type { HourToIndex } from "../../../ports/index/chat_index.ts";
import {
  blockOf,
  decodeMinutes,
  encodeMinutes,
  roleBits,
  type StoredMinute,
} from "../../index_rows/person_minutes.ts";
import { formatCounts } from "../../index_rows/index_values.ts";
import type { Run } from "../connection/postgres_client.ts";
import { MINUTES_PER_CHANNEL } from "./index_tables.ts";
import { toColumn } from "./index_text.ts";
import { wordNumber } from "./word_number.ts";

const MINUTES_PER_HOUR = 60;
/** Rows a statement: its parameters stay below some megabytes. */
const ROWS_MAX = 4_000;

interface Place {
  readonly person: number;
  readonly block: number;
}

/** Changes hours of one channel, within a transaction that holds the channel's row. */
export class IndexChanges {
  readonly #run: Run;
  readonly #channel: number;
  readonly #cleared = new Set<number>();
  /** What changes of users: number → block → minutes that are new. */
  readonly #touched = new Map<number, Map<number, StoredMinute[]>>();

  private constructor(run: Run, channel: number) {
    this.#run = run;
    this.#channel = channel;
  }

  /** Begins to change a channel, which is made if need be; another transaction that changes it waits. */
  static async begin(run: Run, channel: string): Promise<IndexChanges> {
    const [row] = await run({
      text: `insert into $S.index_channel (name) values ($1)
        on conflict (name) do update set name = excluded.name returning no`,
      values: [channel],
    });
    return new IndexChanges(run, Number(row!["no"]));
  }

  /** Clears hours, counted since 1970. */
  async clear(hours: readonly number[]): Promise<void> {
    const [channel, run] = [this.#channel, this.#run];
    const found = await run({
      text:
        `delete from $S.index_hour where channel = $1 and hour = any($2::int[]) returning hour, people`,
      values: [channel, hours],
    });
    if (found.length === 0) return;
    for (const row of found) {
      const hour = Number(row["hour"]);
      this.#cleared.add(hour);
      const ends = [hour * MINUTES_PER_HOUR, hour * MINUTES_PER_HOUR + MINUTES_PER_HOUR - 1];
      for (const person of row["people"] as readonly number[]) {
        for (const minute of ends) this.#minutesOf({ person, block: blockOf(minute) });
      }
    }
    const gone = [...this.#cleared];
    await run({
      text: `delete from $S.index_words w using unnest($1::bigint[]) as first
        where w.minute >= first and w.minute < first + ${MINUTES_PER_HOUR}`,
      values: [gone.map((hour) => channel * MINUTES_PER_CHANNEL + hour * MINUTES_PER_HOUR)],
    });
    await run({
      text: `delete from $S.index_room_hour h using $S.index_room r
        where r.channel = $1 and h.room = r.no and h.hour = any($2::int[])`,
      values: [channel, gone],
    });
    await run({ text: "update $S.index_state set is_unpurged = true where not is_unpurged" });
  }

  /** Puts hours in place of what is there. */
  async put(hours: readonly HourToIndex[], salt: number): Promise<void> {
    await this.clear(hours.map(({ hourUs }) => hourUs / HOUR_US));
    const people = await this.#numbersOf(hours.flatMap(({ facts }) => facts.people));
    const rows: unknown[][] = [];
    for (const { hourUs, stamp, facts } of hours) {
      const counts = formatCounts(facts.counts);
      const numbers = facts.people.map((person) => people.get(nameOf(person))!);
      facts.people.forEach(({ minutes }, i) => {
        for (const { minuteUs, roles, messages } of minutes) {
          const minute = minuteUs / MINUTE_US;
          this.#minutesOf({ person: numbers[i]!, block: blockOf(minute) })
            .push({ minute, roles: roleBits(roles), messages });
        }
      });
      rows.push([
        hourUs / HOUR_US,
        ...[stamp.files, stamp.orders, stamp.folders, counts].map(toColumn),
        arrayText(numbers),
      ]);
    }
    await this.#insert(
      rows,
      ["int", "text", "text", "text", "text", "text"],
      (from) =>
        `insert into $S.index_hour (channel, hour, files, orders, folders, counts, people)
        select $1::int, a, b, c, d, e, f::int[] from ${from}`,
    );
    await this.#putRooms(hours);
    const words = hours.flatMap(({ facts }) => facts.words).map(({ minuteUs, words }) => {
      const minute = minuteUs / MINUTE_US;
      const place = { channel: this.#channel, block: blockOf(minute), salt };
      const tokens = new Set(words.map((word) => wordNumber(word, place)));
      return [this.#channel * MINUTES_PER_CHANNEL + minute, arrayText([...tokens])];
    });
    await this.#insert(
      words,
      ["bigint", "text"],
      (from) =>
        `insert into $S.index_words (minute, tokens) select a, b::int[] from ${from} where $1::int > 0`,
    );
  }

  /** Writes what users did, and counts the change. */
  async finish(): Promise<void> {
    const run = this.#run;
    const places = [...this.#touched].flatMap(([person, blocks]) =>
      [...blocks.keys()].map((block) => ({ person, block }))
    );
    for (let at = 0; at < places.length; at += ROWS_MAX) {
      await this.#writeBlocks(places.slice(at, at + ROWS_MAX));
    }
    // Last, as others wait for this row until the transaction ends.
    await run({
      text: `with state as (update $S.index_state set revision = revision + 1 returning revision)
        update $S.index_channel set revision = (select revision from state) where no = $1`,
      values: [this.#channel],
    });
    if (this.#cleared.size === 0 && this.#touched.size > 0) return;
    await run({
      text: `delete from $S.index_room r where channel = $1
        and not exists (select from $S.index_room_hour h where h.room = r.no)`,
      values: [this.#channel],
    });
    await run({
      text: `delete from $S.index_channel where no = $1
        and not exists (select from $S.index_hour where channel = $1)`,
      values: [this.#channel],
    });
  }

  async #numbersOf(
    people: readonly { readonly id: string; readonly login: string }[],
  ): Promise<ReadonlyMap<string, number>> {
    const missing = new Map(people.map((person) => [nameOf(person), person]));
    const found = new Map<string, number>();
    const names = [...missing.values()].map(({ id, login }) => [toColumn(id), toColumn(login)]);
    const take = (rows: Awaited<ReturnType<Run>>) => {
      for (const row of rows) found.set(names[Number(row["at"]) - 1]!.join(" "), Number(row["no"]));
    };
    const [ids, logins] = [names.map(([id]) => id), names.map(([, login]) => login)];
    take(
      await this.#run({
        text:
          `select p.no, n.at from unnest($2::text[], $3::text[]) with ordinality n(id, login, at)
        join $S.index_person p on p.channel = $1 and md5(p.id || ' ' || p.login) = md5(n.id || ' ' || n.login)
          and p.id = n.id and p.login = n.login`,
        values: [this.#channel, ids, logins],
      }),
    );
    const absent = names.flatMap((name, i) => found.has(name.join(" ")) ? [] : [i]);
    if (absent.length > 0) {
      const rows = await this.#run({
        text: `insert into $S.index_person (channel, id, login)
          select $1, * from unnest($2::text[], $3::text[]) returning no, id, login`,
        values: [this.#channel, absent.map((i) => ids[i]), absent.map((i) => logins[i])],
      });
      for (const row of rows) found.set(`${row["id"]} ${row["login"]}`, Number(row["no"]));
    }
    return new Map(people.map((person) => {
      const key = `${toColumn(person.id)} ${toColumn(person.login)}`;
      return [nameOf(person), found.get(key)!];
    }));
  }

  async #putRooms(hours: readonly HourToIndex[]): Promise<void> {
    const wanted = new Set(hours.flatMap(({ facts }) => facts.rooms).map(({ roomId }) => roomId));
    if (wanted.size === 0) return;
    const rows = await this.#run({
      text: `with wanted as (select distinct room from unnest($2::text[]) as room),
        made as (insert into $S.index_room (channel, room) select $1::int, w.room from wanted w
          where not exists (select from $S.index_room r where r.channel = $1 and r.room = w.room)
          returning no, room)
        select no, room from made union all
        select no, r.room from $S.index_room r join wanted w using (room) where r.channel = $1`,
      values: [this.#channel, [...wanted].map(toColumn)],
    });
    const numbers = new Map(rows.map((row) => [String(row["room"]), Number(row["no"])]));
    const times = hours.flatMap(({ hourUs, facts }) =>
      facts.rooms.map((
        { roomId, firstUs, lastUs },
      ) => [numbers.get(toColumn(roomId)), hourUs / HOUR_US, firstUs, lastUs])
    );
    await this.#insert(
      times,
      ["int", "int", "bigint", "bigint"],
      (from) =>
        `insert into $S.index_room_hour (room, hour, first_us, last_us)
        select a, b, c, d from ${from} where $1::int > 0`,
    );
  }

  async #writeBlocks(places: readonly Place[]): Promise<void> {
    const rows = await this.#run({
      text:
        `select b.person, b.block, b.entries from unnest($1::int[], $2::int[]) as p(person, block)
        join $S.index_block b on b.person = p.person and b.block = p.block`,
      values: [places.map(({ person }) => person), places.map(({ block }) => block)],
    });
    const known = new Map(rows.map((row) => [`${row["person"]} ${row["block"]}`, row["entries"]]));
    const [full, empty]: [[Place, Uint8Array][], Place[]] = [[], []];
    for (const place of places) {
      const entries = known.get(`${place.person} ${place.block}`);
      const minutes = entries === undefined ? [] : decodeMinutes(place.block, entries as Uint8Array)
        .filter(({ minute }) => !this.#cleared.has(Math.floor(minute / MINUTES_PER_HOUR)));
      for (const minute of this.#minutesOf(place)) minutes.push(minute);
      if (minutes.length === 0) empty.push(place);
      else {
        minutes.sort((a, b) => a.minute - b.minute);
        full.push([place, encodeMinutes(place.block, minutes)]);
      }
    }
    await this.#insert(
      full.map(([{ person, block }, entries]) => [person, block, Buffer.from(entries)]),
      ["int", "int", "bytea"],
      (from) =>
        `insert into $S.index_block (person, block, entries) select a, b, c from ${from} where $1::int > 0
        on conflict (person, block) do update set entries = excluded.entries`,
    );
    if (empty.length === 0) return;
    const people = empty.map(({ person }) => person);
    await this.#run({
      text: `delete from $S.index_block b using unnest($1::int[], $2::int[]) as p(person, block)
        where b.person = p.person and b.block = p.block`,
      values: [people, empty.map(({ block }) => block)],
    });
    await this.#run({
      text: `delete from $S.index_person p where p.no = any($1::int[])
        and not exists (select from $S.index_block b where b.person = p.no)`,
      // A user whose row of another block is written in a later step has one then: its number is in use.
      values: [people.filter((person) => !this.#isAdded(person))],
    });
  }

  /** Runs `statement` on rows, some at a time; `$1` is the channel, the columns of a row are a, b, c … */
  async #insert(
    rows: readonly (readonly unknown[])[],
    types: readonly string[],
    statement: (from: string) => string,
  ): Promise<void> {
    const columns = types.map((_, i) => String.fromCharCode(97 + i)).join(", ");
    const arrays = types.map((type, i) => `$${i + 2}::${type}[]`).join(", ");
    for (let at = 0; at < rows.length; at += ROWS_MAX) {
      const some = rows.slice(at, at + ROWS_MAX);
      const values = types.map((_, i) => some.map((row) => row[i]));
      const text = statement(`unnest(${arrays}) as rows(${columns})`);
      await this.#run({ text, values: [this.#channel, ...values] });
    }
  }

  #minutesOf({ person, block }: Place): StoredMinute[] {
    let blocks = this.#touched.get(person);
    if (blocks === undefined) this.#touched.set(person, blocks = new Map());
    let minutes = blocks.get(block);
    if (minutes === undefined) blocks.set(block, minutes = []);
    return minutes;
  }

  #isAdded(person: number): boolean {
    return [...this.#touched.get(person)?.values() ?? []].some(({ length }) => length > 0);
  }
}

function nameOf({ id, login }: { readonly id: string; readonly login: string }): string {
  return `${id} ${login}`;
}

function arrayText(numbers: readonly number[]): string {
  return `{${numbers.join(",")}}`;
}
