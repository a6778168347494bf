import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { ALL_TIME, ChatLog, type LogQuery } from "../../../src/engine/logs/chat_log.ts";
import { LogDays } from "../../../src/engine/logs/log_days.ts";
import type { MinuteFinder } from "../../../src/engine/logs/minute_finder.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import type { SettledNotes } from "../../../src/ports/notes/settled_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import {
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { isAnswer, randomQuestion } from "./index_questions.ts";
import { CHANNELS, hasher, IndexWorld } from "./index_world.ts";

const SEED = process.env["SIM_SEED"] ?? "log";
const ROUNDS = 20;
const QUESTIONS_A_ROUND = 50;

function chatLog(
  { store, random }: IndexWorld,
  finder: MinuteFinder | undefined,
  settled?: SettledNotes,
): ChatLog {
  const options = { store, hasher, random, clock: systemClock(), reporter: noopReporter, settled };
  const reader = new SharedChatReader({ ...options, cacheMaxBytes: 1_000_000, bootName: "" });
  return new ChatLog({ ...options, reader, finder });
}

function randomLogQuery(random: SeededRandom): LogQuery & { readonly limit: number } {
  const { fromUs, untilUs, isReversed, person, words } = randomQuestion(random);
  const [id = "", login = ""] = [person?.ids[0], person?.logins[0]];
  return {
    ...{ fromUs, untilUs, isReversed },
    ...(person === undefined ? {} : { person: { id, login } }),
    // As a search does: an index narrows by words, and each message is looked at.
    ...(words === undefined ? {} : {
      words,
      accepts: (message: Message) =>
        isAnswer(message, { words, ...{ fromUs, untilUs, isReversed } }),
    }),
    countsGifts: random.next() < 0.3,
    limit: pick(random, [1, 3, 1_000]),
  };
}

async function answer(
  log: ChatLog,
  channel: string,
  { limit, ...query }: LogQuery & { readonly limit: number },
): Promise<unknown> {
  const room = await log.rooms.byLogin(channel);
  if (room === undefined) return undefined;
  const found: string[] = [];
  for await (const lines of log.lines(room, query)) {
    for (const { message, startUs } of lines) found.push(`${startUs} ${JSON.stringify(message)}`);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

test("questions about logs have equal answers by an index and by reading, at any moment", async () => {
  const random = seededRandom(SEED);
  const world = new IndexWorld({ random });
  let [asked, narrowed] = [0, 0];
  for (let i = 0; i < 8; i++) await world.addFile();
  for (let round = 0; round < ROUNDS; round++) {
    const chance = random.next();
    if (chance < 0.4) { for (let i = 0; i < 4; i++) await world.addFile(); }
    else if (chance < 0.55) await world.settle();
    else if (chance < 0.7) await world.redact();
    else if (chance < 0.75) await world.prune();
    else if (chance < 0.93) await world.fill();
    else world.restart(memoryIndex());
    const byIndex = chatLog(world, world.finder, world.settled);
    const byReading = chatLog(world, undefined);
    for (let i = 0; i < QUESTIONS_A_ROUND; i++, asked++) {
      const channel = pick(random, CHANNELS);
      const query = randomLogQuery(random);
      const told = `SIM_SEED=${SEED}, round ${round}, ${channel}: ${JSON.stringify(query)}`;
      assert.deepEqual(
        await answer(byIndex, channel, query),
        await answer(byReading, channel, query),
        told,
      );
    }
    for (const channel of CHANNELS) {
      for (const log of [byIndex, byReading]) {
        const all = (isReversed: boolean) =>
          answer(log, channel, { ...ALL_TIME, isReversed, limit: Infinity });
        const [forth, back] = [await all(false), await all(true)] as string[][];
        assert.deepEqual(back?.sort(), forth?.sort(), `SIM_SEED=${SEED}, ${channel} backwards`);
      }
    }
    const rooms = (log: ChatLog) => log.rooms.all();
    const ids = async (log: ChatLog) => (await rooms(log)).map(({ id, login }) => [id, login]);
    assert.deepEqual(await ids(byIndex), await ids(byReading), `SIM_SEED=${SEED}, round ${round}`);
    for (const channel of CHANNELS) {
      const days = async (log: ChatLog) => {
        const room = await log.rooms.byLogin(channel);
        return room && await new LogDays(log).days(room, {});
      };
      assert.deepEqual(
        await days(byIndex),
        await days(byReading),
        `SIM_SEED=${SEED}, days of ${channel}`,
      );
    }
    if ((await world.index.channels()).length > 0) narrowed++;
  }
  assert.equal(asked, 1_000);
  assert.ok(narrowed > 5, `an index in ${narrowed} rounds`);
});
