import assert from "node:assert/strict";
import type { Message } from "../../../src/core/batch/message.ts";
import { personOf } from "../../../src/core/logs/log_person.ts";
import { searchedText } from "../../../src/core/text/message_filter.ts";
import { wordsOf } from "../../../src/core/text/fold_words.ts";
import { type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { ALL_TIME, type ChatLog, type LogQuery } from "../../../src/engine/logs/chat_log.ts";
import { countPerson, countRoom, loginsOf } from "../../../src/engine/logs/log_counts.ts";
import { LogDays } from "../../../src/engine/logs/log_days.ts";
import type { TimeSpan } from "../../../src/engine/logs/minute_finder.ts";
import type { Room } from "../../../src/engine/logs/room_directory.ts";
import {
  chance,
  intBelow,
  pick,
  type SeededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import type { NodeIndex } from "./node_index.ts";
import { CHANNEL } from "./pace.ts";

/** What asking came to. */
export interface Asked {
  readonly questions: number;
  /** Hours that the index claimed to know. */
  readonly knownHours: number;
}

/** Asks a question that is answered from what the log of one node tells. */
type Question = (log: ChatLog, room: Room) => Promise<unknown>;

const QUESTIONS_A_MOMENT = 6;

/** Holds what a node answers by its index against what it answers without, at this moment. */
export async function askIndex(
  node: NodeIndex,
  { random, note }: { readonly random: SeededRandom; readonly note: string },
): Promise<Asked> {
  const [byIndex, byReading] = [node.byIndex(), node.byReading()];
  const room = await byReading.rooms.byLogin(CHANNEL);
  assert.deepEqual(await byIndex.rooms.byLogin(CHANNEL), room, `${note}: the room`);
  const { hours, findings } = await node.verify();
  assert.deepEqual(findings, [], `${note}: the index tells of hours what is not so`);
  if (room === undefined) return { questions: 1, knownHours: hours };
  const said = await allOf(byReading, room);
  if (said.length === 0) return { questions: 1, knownHours: hours };
  for (let i = 0; i < QUESTIONS_A_MOMENT; i++) {
    const [name, ask] = randomQuestion(said, random);
    const found: unknown = await ask(byIndex, room);
    assert.deepEqual(found, await ask(byReading, room), `${note}: ${name}`);
  }
  return { questions: QUESTIONS_A_MOMENT + 1, knownHours: hours };
}

interface Said {
  readonly message: Message;
  readonly startUs: Micros;
}

async function allOf(log: ChatLog, room: Room, query: Partial<LogQuery> = {}): Promise<Said[]> {
  const all: Said[] = [];
  for await (const lines of log.lines(room, { ...ALL_TIME, ...query })) all.push(...lines);
  return all;
}

function randomQuestion(said: readonly Said[], random: SeededRandom): [string, Question] {
  const span = randomSpan(said, random);
  const { message } = pick(random, said);
  const someone = personOf(message);
  const person = chance(random, 0.4) ? { ...someone, login: "" } : someone;
  const isReversed = chance(random, 0.5);
  const between = { ...span, isReversed };
  const told = JSON.stringify({ ...between, person });
  const lines = (query: LogQuery): Question => async (log, room) =>
    (await allOf(log, room, query)).map(({ startUs, message }) =>
      `${startUs} ${JSON.stringify(message)}`
    );
  switch (intBelow(random, 7)) {
    case 0: {
      const countsGifts = chance(random, 0.3);
      return [`lines of a user ${told}`, lines({ ...between, person, countsGifts })];
    }
    case 1: {
      const words = wordsOf(searchedText(message)).slice(0, 1 + intBelow(random, 2));
      const accepts = (each: Message) => {
        const there = wordsOf(searchedText(each));
        return words.every((word) => there.includes(word));
      };
      return [`words ${words} ${told}`, lines({ ...between, words, accepts })];
    }
    case 2:
      return [`all lines ${told}`, lines(between)];
    case 3:
      return [`counts ${told}`, async (log, room) => ({
        room: await countRoom(log, room, span),
        person: await countPerson(log, room, { ...span, person }),
      })];
    case 4:
      return ["days", async (log, room) => await new LogDays(log).days(room, {})];
    case 5:
      return [`months ${told}`, async (log, room) => {
        const months: Micros[] = [];
        for await (const each of new LogDays(log).months(room, person, {})) months.push(each);
        return months;
      }];
    default:
      return [`names ${told}`, async (log, room) => ({
        names: await loginsOf(log, person.id),
        byId: await log.person(room, { id: person.id }),
        byLogin: await log.person(room, { login: someone.login }),
      })];
  }
}

/** All of time, or some minutes around two messages. */
function randomSpan(said: readonly Said[], random: SeededRandom): TimeSpan {
  if (chance(random, 0.4)) return ALL_TIME;
  const [a, b] = [pick(random, said).startUs, pick(random, said).startUs];
  const off = () => Math.round((random.next() - 0.5) * 2 * MINUTE_US);
  const fromUs = Math.max(0, Math.min(a, b) + off());
  return { fromUs, untilUs: Math.max(fromUs + 1, Math.max(a, b) + off()) };
}
