import assert from "node:assert/strict";
import type { Message } from "../../../src/core/batch/message.ts";
import { wordsOf } from "../../../src/core/text/fold_words.ts";
import { searchedText } from "../../../src/core/text/message_filter.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, TIME_END_US } from "../../../src/core/time.ts";
import { namedUsers } from "../../../src/core/users/named_users.ts";
import type {
  ChannelSpan,
  MinuteQuestion,
  TimeSpan,
} from "../../../src/engine/logs/minute_finder.ts";
import { intBelow, pick, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  CHANNELS,
  IDS,
  type IndexWorld,
  LOGINS,
  WORDS,
  WORLD_HOURS,
  WORLD_US,
} from "./index_world.ts";

export function randomQuestion(random: SeededRandom): MinuteQuestion {
  const all = random.next() < 0.4;
  const fromUs = all ? 0 : WORLD_US + intBelow(random, WORLD_HOURS * 3600) * 1e6;
  const untilUs = all ? TIME_END_US : fromUs + intBelow(random, 3 * 3600) * 1e6;
  const asked = intBelow(random, 4);
  return {
    fromUs,
    untilUs,
    isReversed: random.next() < 0.5,
    ...(asked === 0 ? { person: { ids: [pick(random, IDS)], logins: [] } } : {}),
    ...(asked === 1 ? { person: { ids: [], logins: [pick(random, LOGINS)] } } : {}),
    ...(asked === 2
      ? { person: { ids: [pick(random, IDS)], logins: [pick(random, LOGINS)] } }
      : {}),
    ...(asked === 3 || random.next() < 0.3
      ? {
        words: wordsOf(
          random.next() < 0.5
            ? pick(random, WORDS)
            : `${pick(random, WORDS)} ${pick(random, WORDS)}`,
        ),
      }
      : {}),
  };
}

/** Whether a message answers a question, found out without an index. */
export function isAnswer(message: Message, { person, words }: MinuteQuestion): boolean {
  if (
    person !== undefined &&
    !namedUsers(message).some(({ ids, names }) =>
      ids.some((id) => person.ids.includes(id)) ||
      names.some((name) => person.logins.includes(name))
    )
  ) return false;
  if (words === undefined) return true;
  const said = wordsOf(searchedText(message));
  return words.every((word) => said.includes(word));
}

/**
 * Asks the finder, and holds what it says against the archive: each minute with an answer lies in a span, and spans are
 * ordered and lie in the question. Returns how many minutes the spans hold.
 */
export async function ask(
  world: IndexWorld,
  question: MinuteQuestion,
  note: string,
): Promise<number> {
  let minutesFound = 0;
  for (const channel of CHANNELS) {
    const spans: TimeSpan[] = [];
    for await (const span of world.finder.spans(channel, question)) spans.push(span);
    const told = `${note}: ${channel} ${JSON.stringify(question)} ${JSON.stringify(spans)}`;
    for (const [i, { fromUs, untilUs }] of spans.entries()) {
      assert.ok(fromUs < untilUs && fromUs % MINUTE_US === 0 && untilUs % MINUTE_US === 0, told);
      const next = spans[i + 1];
      if (next !== undefined) {
        assert.ok(question.isReversed ? next.untilUs <= fromUs : untilUs <= next.fromUs, told);
      }
      minutesFound += (untilUs - fromUs) / MINUTE_US;
    }
    for (const [minuteUs, messages] of await world.read(channel)) {
      if (minuteUs + MINUTE_US <= question.fromUs || minuteUs >= question.untilUs) continue;
      if (!messages.some((message) => isAnswer(message, question))) continue;
      assert.ok(
        spans.some(({ fromUs, untilUs }) => minuteUs >= fromUs && minuteUs < untilUs),
        `${told}: not ${minuteUs}`,
      );
    }
  }
  return minutesFound;
}

/** Asserts that rooms, people and counts, with what stands in their gaps, are what reading all gives. */
export async function askFacts(world: IndexWorld, note: string): Promise<number> {
  let gapCount = 0;
  const rooms = await world.finder.rooms();
  const people = await world.finder.people([...IDS]);
  for (const channel of CHANNELS) {
    const counts = await world.finder.counts(channel, { fromUs: 0, untilUs: TIME_END_US });
    gapCount += counts.gaps.length;
    const all = await world.facts(channel, () => true);
    const rest = (gaps: readonly ChannelSpan[]) =>
      world.facts(
        channel,
        (hourUs) => gaps.some((gap) => gap.channel === channel && isIn(hourUs, gap)),
      );

    const expected = [...all].flatMap(([, { rooms }]) => rooms);
    const found = [
      ...rooms.found.filter((room) => room.channel === channel),
      ...[...await rest(rooms.gaps)].flatMap(([, { rooms }]) => rooms),
    ];
    assert.deepEqual(extent(found), extent(expected), `${note}: rooms of ${channel}`);

    const named = (facts: typeof all) =>
      [...facts].flatMap(([, { people }]) =>
        people.filter(({ id, login }) => id !== "" && login !== "").map((
          { id, login, minutes },
        ) => ({
          id,
          login,
          firstMinuteUs: minutes[0]!.minuteUs,
          lastMinuteUs: minutes.at(-1)!.minuteUs,
        }))
      );
    assert.deepEqual(
      names([
        ...people.found.filter((person) => person.channel === channel),
        ...named(await rest(people.gaps)),
      ]),
      names(named(all)),
      `${note}: people of ${channel}`,
    );

    const sums = new Map<string, number>();
    for (const { hourUs, counts: each } of counts.found) add(sums, hourUs, each);
    for (const [hourUs, { counts: each }] of await rest(counts.gaps)) add(sums, hourUs, each);
    const expectedSums = new Map<string, number>();
    for (const [hourUs, { counts: each }] of all) add(expectedSums, hourUs, each);
    assert.deepEqual([...sums].sort(), [...expectedSums].sort(), `${note}: counts of ${channel}`);
  }
  return gapCount;
}

function isIn(hourUs: Micros, { fromUs, untilUs }: ChannelSpan): boolean {
  return hourUs + HOUR_US > fromUs && hourUs < untilUs && hourOf(hourUs) === hourUs;
}

function extent(rooms: readonly { roomId: string; firstUs: number; lastUs: number }[]): unknown {
  const found = new Map<string, [number, number]>();
  for (const { roomId, firstUs, lastUs } of rooms) {
    const known = found.get(roomId) ?? [Infinity, -Infinity];
    found.set(roomId, [Math.min(known[0], firstUs), Math.max(known[1], lastUs)]);
  }
  return [...found].sort();
}

function names(
  people: readonly { id: string; login: string; firstMinuteUs: number; lastMinuteUs: number }[],
): unknown {
  return extent(
    people.map(({ id, login, firstMinuteUs, lastMinuteUs }) => ({
      roomId: `${id} ${login}`,
      firstUs: firstMinuteUs,
      lastUs: lastMinuteUs,
    })),
  );
}

function add(sums: Map<string, number>, hourUs: Micros, counts: ReadonlyMap<string, number>): void {
  for (const [command, count] of counts) {
    const key = `${hourUs} ${command}`;
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
}
