import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../../core/time.ts";
import type {
  IndexedHour,
  IndexedMinute,
  IndexedPerson,
  IndexedRoom,
  IndexQuery,
  IndexSpan,
} from "../../../ports/index/chat_index.ts";
import { DamagedIndexError } from "../../index_rows/damaged_index_error.ts";
import { FoundMinutes } from "../../index_rows/found_minutes.ts";
import { hourOfRow, minutesIn, numbersOf, textIn } from "../../index_rows/index_values.ts";
import { BLOCK_BITS, blockOf } from "../../index_rows/person_minutes.ts";
import type { Row, Run } from "../connection/postgres_client.ts";
import { MINUTES_PER_CHANNEL } from "./index_tables.ts";
import { fromColumn, toColumn } from "./index_text.ts";
import { wordNumber } from "./word_number.ts";

/** Whether an hour of a channel counts. */
export type CountsHour = (channel: string, hourUs: Micros) => boolean;

interface Names {
  readonly ids: readonly string[];
  readonly logins: readonly string[];
}

/** Users of all channels with one of the ids ($1) or of the logins ($2). */
const NAMED = `(select p.no, p.channel, p.id, p.login from unnest($1::text[]) as name
    join $S.index_person p on p.id = name and p.id <> ''
  union
  select p.no, p.channel, p.id, p.login from unnest($2::text[]) as name
    join $S.index_person p on p.login = name and p.login <> '')`;

/** Rooms whose hours are looked at in one step. */
const HOURS_A_STEP = 64;

/** The indexed hours of a channel. */
export async function hoursOf(run: Run, channel: string, span: IndexSpan): Promise<IndexedHour[]> {
  const [from, until] = numbersOf(span, HOUR_US);
  const rows = await run({
    name: "chatloom index hours",
    text: `select hour, files, orders, folders, counts from $S.index_hour h
      join $S.index_channel c on c.no = h.channel
      where c.name = $1 and hour >= $2 and hour < $3 order by hour`,
    values: [channel, from, until],
  });
  return rows.map((row) => hourOfRow(Number(row["hour"]), (column) => textOf(row, column)));
}

/** The rooms of all channels, in no order. */
export async function roomsOf(run: Run, counts: CountsHour): Promise<IndexedRoom[]> {
  const found: IndexedRoom[] = [];
  const end = (order: string) =>
    `cross join lateral (select hour, first_us, last_us from $S.index_room_hour
      where room = r.no order by hour ${order} limit 1)`;
  const rows = await run({
    text: `select r.no, c.name, r.room, first.hour as first_hour, first.first_us,
        last.hour as last_hour, last.last_us
      from $S.index_room r join $S.index_channel c on c.no = r.channel
      ${end("asc")} first ${end("desc")} last`,
  });
  for (const row of rows) {
    const [channel, roomId] = [textOf(row, "name"), textOf(row, "room")];
    const isMeant = (hour: unknown) => counts(channel, Number(hour) * HOUR_US);
    // Most rooms have hours at both ends that count.
    const first = isMeant(row["first_hour"]) ? row : await roomHour(run, row, { isMeant });
    if (first === undefined) continue;
    const last = isMeant(row["last_hour"])
      ? row
      : await roomHour(run, row, { isMeant, isLast: true });
    if (last === undefined) continue;
    found.push({
      channel,
      roomId,
      firstUs: Number(first["first_us"]),
      lastUs: Number(last["last_us"]),
    });
  }
  return found;
}

/** The first or the last hour of a room that `isMeant`. */
async function roomHour(
  run: Run,
  room: Row,
  { isMeant, isLast = false }: {
    readonly isMeant: (hour: unknown) => boolean;
    readonly isLast?: boolean;
  },
): Promise<Row | undefined> {
  for (let from: unknown = isLast ? 2 ** 31 - 1 : -1;;) {
    const rows = await run({
      text: `select hour, first_us, last_us from $S.index_room_hour where room = $1
        and hour ${isLast ? "<" : ">"} $2 order by hour ${
        isLast ? "desc" : "asc"
      } limit ${HOURS_A_STEP}`,
      values: [room["no"], from],
    });
    const found = rows.find(({ hour }) => isMeant(hour));
    if (found !== undefined || rows.length < HOURS_A_STEP) return found;
    from = rows.at(-1)!["hour"];
  }
}

/** What is looked for: the first or the last minute of a user that counts. */
interface MinuteSearch {
  readonly person: number;
  readonly channel: string;
  /** The user's blocks that were not read, the next one last. */
  readonly blocks: number[];
  readonly isLast: boolean;
  minute?: number;
}

/** The names of users in channels, in no order. */
export async function peopleNamed(
  run: Run,
  names: Names,
  counts: CountsHour,
): Promise<IndexedPerson[]> {
  const rows = await run({
    text: `select p.no, c.name, p.id, p.login,
        array(select block from $S.index_block b where b.person = p.no order by block) as blocks
      from ${NAMED} p join $S.index_channel c on c.no = p.channel`,
    values: namesOf(names),
  });
  const people = rows.map((row) => {
    const place = { person: Number(row["no"]), channel: textOf(row, "name") };
    const blocks = row["blocks"] as readonly number[];
    const first: MinuteSearch = { ...place, blocks: [...blocks].reverse(), isLast: false };
    const last: MinuteSearch = { ...place, blocks: [...blocks], isLast: true };
    return { row, first, last };
  });
  await searchMinutes(run, people.flatMap(({ first, last }) => [first, last]), counts);
  return people.flatMap(({ row, first, last }) => {
    if (first.minute === undefined || last.minute === undefined) return [];
    return [{
      channel: first.channel,
      id: textOf(row, "id"),
      login: textOf(row, "login"),
      firstMinuteUs: first.minute * MINUTE_US,
      lastMinuteUs: last.minute * MINUTE_US,
    }];
  });
}

const BLOCKS_A_STEP = 500;

/** Finds the minutes of all searches, a block of each at a time: users in thousands of channels take few statements. */
async function searchMinutes(
  run: Run,
  searches: readonly MinuteSearch[],
  counts: CountsHour,
): Promise<void> {
  for (let left = searches; left.length > 0;) {
    const next: MinuteSearch[] = [];
    for (let at = 0; at < left.length; at += BLOCKS_A_STEP) {
      const some = left.slice(at, at + BLOCKS_A_STEP).flatMap((search) => {
        const block = search.blocks.pop();
        return block === undefined ? [] : [{ search, block }];
      });
      const rows = await run({
        text:
          `select p.at, b.entries from unnest($1::int[], $2::int[]) with ordinality p(person, block, at)
          join $S.index_block b on b.person = p.person and b.block = p.block`,
        values: [some.map(({ search }) => search.person), some.map(({ block }) => block)],
      });
      for (const row of rows) {
        const { search, block } = some[Number(row["at"]) - 1]!;
        const minutes = minutesIn(row, block)
          .filter(({ minute }) => counts(search.channel, hourOf(minute * MINUTE_US)));
        const found = minutes.at(search.isLast ? -1 : 0);
        if (found === undefined) next.push(search);
        else search.minute = found.minute;
      }
    }
    left = next;
  }
}

/** The minutes of a channel that meet a query. */
export async function minutesFound(
  run: Run,
  channel: string,
  query: IndexQuery,
): Promise<IndexedMinute[]> {
  const { person, words } = query;
  if (person === undefined && words === undefined) return [];
  const [found] = await run({
    name: "chatloom index channel",
    text: `select c.no, s.salt, (select min(hour) from $S.index_hour where channel = c.no) as first,
        (select max(hour) from $S.index_hour where channel = c.no) as last
      from $S.index_state s left join $S.index_channel c on c.name = $1`,
    values: [channel],
  });
  if (found === undefined) throw new DamagedIndexError("it has no name");
  if (found["no"] === null) return [];
  const no = Number(found["no"]);
  const minutes = new FoundMinutes(query);
  if (person !== undefined) {
    await findPerson(run, { channel: no, person }, minutes);
    if (minutes.isEmpty) return [];
  }
  if (words === undefined) return minutes.ofPerson();
  const withWords = await minutesWith(run, found, { words, span: minutes.span });
  return minutes.ofWords(withWords, { hasPerson: person !== undefined });
}

async function findPerson(
  run: Run,
  { channel, person }: { readonly channel: number; readonly person: Names },
  found: FoundMinutes,
): Promise<void> {
  const rows = await run({
    name: "chatloom index person",
    text: `select b.block, b.entries from ${NAMED} p join $S.index_block b on b.person = p.no
      where p.channel = $3 and b.block >= $4 and b.block <= $5`,
    values: [...namesOf(person), channel, ...found.span.map(blockOf)],
  });
  for (const row of rows) found.add(minutesIn(row, Number(row["block"])));
}

/** The minutes since 1970 that hold all words. */
async function minutesWith(
  run: Run,
  channel: Row,
  { words, span }: { readonly words: readonly string[]; readonly span: FoundMinutes["span"] },
): Promise<number[]> {
  const [no, salt] = [Number(channel["no"]), Number(channel["salt"])];
  const from = Math.max(span[0], Number(channel["first"]) * 60);
  const until = Math.min(span[1], (Number(channel["last"]) + 1) * 60);
  const found: number[] = [];
  for (let at = from; at < until;) {
    const block = blockOf(at);
    const endMinute = Math.min(until, (block + 1) * 2 ** BLOCK_BITS);
    const tokens = new Set(words.map((word) => wordNumber(word, { channel: no, block, salt })));
    // Not named: a plan for all values would not know which of the two indexes to use.
    const rows = await run({
      text:
        `select minute from $S.index_words where tokens @> $1::int[] and minute >= $2 and minute < $3
        order by minute`,
      values: [
        [...tokens],
        no * MINUTES_PER_CHANNEL + at,
        no * MINUTES_PER_CHANNEL + endMinute,
      ],
    });
    for (const { minute } of rows) found.push(Number(minute) - no * MINUTES_PER_CHANNEL);
    at = endMinute;
  }
  return found;
}

function namesOf({ ids, logins }: Names): [string[], string[]] {
  return [[...new Set(ids)].map(toColumn), [...new Set(logins)].map(toColumn)];
}

function textOf(row: Row, column: string): string {
  return fromColumn(textIn(row, column));
}
