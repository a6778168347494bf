import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US, SECOND_US } from "../../../src/core/time.ts";
import { IndexKeeper } from "../../../src/engine/index/index_keeper.ts";
import { watchedStore } from "../../../src/engine/index/watched_store.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { askFacts } from "./index_questions.ts";
import { hasher, IndexWorld, WORLD_HOURS, WORLD_US } from "./index_world.ts";

/** A world whose index a keeper follows, some hours after its chat. */
function keptWorld(seed: string, broken = { isBroken: false }) {
  const told: string[] = [];
  const reporter: Reporter = { report: (_, message) => void told.push(message), count() {} };
  const clock = virtualClock({ startUs: WORLD_US + (WORLD_HOURS + 3) * HOUR_US });
  const index = breakable(memoryIndex(), broken);
  const store = watchedStore(memoryStore(), (key) => keeper.onFileChanged(key));
  const world = new IndexWorld({ random: seededRandom(seed), store, index });
  const keeper: IndexKeeper = new IndexKeeper({
    index,
    store,
    stamps: world.stamps,
    hasher,
    reporter,
    clock,
  });
  const controller = new AbortController();
  const running = keeper.run(controller.signal);
  const stop = async () => {
    controller.abort();
    await clock.run(running);
  };
  return { world, keeper, clock, broken, told, stop };
}

function breakable(index: ChatIndex, state: { isBroken: boolean }): ChatIndex {
  return {
    ...index,
    revision: async (channel) => {
      if (state.isBroken) {
        throw new ChatloomError("STORE_IO", "Cannot read the index: it is damaged");
      }
      return await index.revision(channel);
    },
  };
}

test("IndexKeeper indexes what is there, then hours as their files change", async () => {
  const { world, keeper, clock, stop } = keptWorld("follows");
  for (let i = 0; i < 30; i++) await world.addFile();
  await clock.advance(1_000);
  await clock.advance(30_000);
  assert.ok(keeper.totals.hours > 5);
  assert.equal(await askFacts(world, "at first"), 0);
  for (let round = 0; round < 5; round++) {
    await world.addFile();
    await world.settle();
    await world.redact();
    await world.settle();
    assert.ok(keeper.waiting > 0);
    for (let i = 0; i < 4; i++) await clock.advance(30_000);
    assert.equal(keeper.waiting, 0);
    assert.equal(await askFacts(world, `round ${round}`), 0);
  }
  await stop();
});

test("IndexKeeper goes on when the index fails for a while, and says so once", async () => {
  const { world, keeper, clock, broken, told, stop } = keptWorld("fails", { isBroken: true });
  await world.addFile();
  for (let i = 0; i < 5; i++) await clock.advance(61_000);
  assert.equal(told.filter((message) => /^Cannot index/.test(message)).length, 1);
  assert.equal(keeper.totals.hours, 0);
  broken.isBroken = false;
  for (let i = 0; i < 3; i++) await clock.advance(61_000);
  assert.ok(keeper.totals.hours > 0);
  assert.equal(told.at(-1), "The index can be used again");
  await stop();
});

test("IndexKeeper indexes an hour that a question misses, and none that is not over", async () => {
  const { world, keeper, clock, stop } = keptWorld("gap");
  for (let i = 0; i < 10; i++) await world.addFile();
  await clock.advance(30_000);
  await world.index.forgetHours("forsen", {
    fromUs: WORLD_US + HOUR_US,
    untilUs: WORLD_US + 2 * HOUR_US,
  });
  keeper.onGap("forsen", WORLD_US + HOUR_US);
  keeper.onGap("forsen", clock.wallUs() - clock.wallUs() % HOUR_US);
  assert.equal(keeper.waiting, 1);
  for (let i = 0; i < 3; i++) await clock.advance(2 * SECOND_US / 1_000);
  assert.equal(await askFacts(world, "after the gap"), 0);
  await stop();
});
