import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { HOUR_US } from "../../../src/core/time.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { ask, askFacts, randomQuestion } from "./index_questions.ts";
import { IndexWorld, WORLD_HOURS, WORLD_US } from "./index_world.ts";

const SEEDS = process.env["SIM_SEED"]?.split(",") ?? ["1", "2", "3", "4"];
const QUESTIONS = 1_000;

test("an index misses nothing that reading finds, at any moment of an archive that changes", async () => {
  let asked = 0;
  for (const seed of SEEDS) {
    const random = seededRandom(seed);
    const world = new IndexWorld({ random });
    const note = `replay with SIM_SEED=${seed}`;
    for (let round = 0; round < 30; round++) {
      const chance = random.next();
      if (chance < 0.5) { for (let i = 0; i < 4; i++) await world.addFile(); }
      else if (chance < 0.6) await world.settle();
      else if (chance < 0.7) await world.redact();
      else if (chance < 0.75) await world.prune();
      else if (chance < 0.95) await world.fill();
      else if (chance < 0.98) world.restart();
      else world.restart(memoryIndex()); // The index was deleted.
      if (random.next() < 0.2) {
        await world.fill(new Set([WORLD_US + intBelow(random, WORLD_HOURS) * HOUR_US]));
      }
      for (let i = 0; i < QUESTIONS / SEEDS.length / 30; i++, asked++) {
        await ask(world, randomQuestion(random), note);
      }
      await askFacts(world, note);
    }
  }
  assert.ok(asked >= QUESTIONS);
});

test("an index that is filled narrows: few minutes are read, and no hour is a gap", async () => {
  const random = seededRandom("narrow");
  const world = new IndexWorld({ random });
  for (let i = 0; i < 60; i++) await world.addFile();
  await world.settle();
  await world.fill();
  assert.equal(await askFacts(world, "narrow"), 0);
  const question = { fromUs: 0, untilUs: WORLD_US + 100 * HOUR_US, isReversed: true };
  const person = { ids: ["2"], logins: ["bob"] };
  const found = await ask(world, { ...question, person }, "narrow");
  assert.ok(found > 5 && found < 60, `${found} minutes`);
  assert.equal(await ask(world, { ...question, words: ["absent"] }, "narrow"), 0);
  assert.equal(
    await ask(world, { ...question, person: { ids: ["4"], logins: ["mallory"] } }, "narrow"),
    0,
  );
  // What an index does not keep has to be read.
  const garbage = { ids: ["x y"], logins: [] };
  assert.ok(await ask(world, { ...question, person: garbage }, "narrow") >= 60 * WORLD_HOURS);
});

test("filling again does nothing, and after a redaction reads only the hours that it concerns", async () => {
  const random = seededRandom("again");
  const world = new IndexWorld({ random });
  for (let i = 0; i < 40; i++) await world.addFile();
  await world.settle();
  const first = await world.fill();
  assert.ok(first[0]!.messages > 20 && first[0]!.leftOut === 0);
  assert.deepEqual((await world.fill()).map(({ hours, forgotten }) => hours + forgotten), [0, 0]);
  for (const id of ["message-3", "message-30"]) {
    await world.redact(id);
    const read = (await world.fill()).reduce((sum, { hours }) => sum + hours, 0);
    assert.ok(read <= 2, `${read} hours were read again for one message`);
    assert.equal(await askFacts(world, `without ${id}`), 0);
  }
  await world.redact();
  await world.settle();
  await world.fill();
  assert.equal(await askFacts(world, "after a redaction"), 0);
});
