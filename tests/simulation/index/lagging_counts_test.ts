import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { IndexFinder } from "../../../src/engine/index/index_finder.ts";
import { watchedStore } from "../../../src/engine/index/watched_store.ts";
import { ALL_TIME, ChatLog } from "../../../src/engine/logs/chat_log.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher, IndexWorld, WORLD_US } from "./index_world.ts";
import { HOUR_US } from "../../../src/core/time.ts";

const DAY_US = 24 * HOUR_US;
const CHANNEL = "forsen";

/** An archive of some days ago, all of it indexed, in folders that tell whether they changed. */
async function oldWorld() {
  const changes = new Map<string, number>();
  const store = watchedStore(memoryStore(), (key) => {
    const folder = key.slice(0, key.lastIndexOf("/"));
    changes.set(folder, (changes.get(folder) ?? 0) + 1);
  });
  const versions = {
    of: (folders: readonly string[]) => folders.map((each) => `v${changes.get(each) ?? 0}`),
  };
  const world = new IndexWorld({ random: seededRandom("lag"), store, versions });
  for (let i = 0; i < 30; i++) await world.addFile();
  await world.settle();
  await world.fill();
  await world.fill(); // Settling came after the folders were looked at first.
  const clock = virtualClock({ startUs: WORLD_US + 5 * DAY_US });
  const finder = new IndexFinder({ index: world.index, store, stamps: world.stamps, clock });
  const gaps = async () => (await finder.counts(CHANNEL, ALL_TIME)).gaps.length;
  return { world, store, clock, finder, gaps };
}

test("counts of an index know at once what this process changes, however lately they were looked at", async () => {
  const { world, clock, finder, gaps } = await oldWorld();
  assert.equal(await gaps(), 0);
  for (const waitMs of [0, 1_000, 11_000, 60_000]) {
    await clock.advance(waitMs);
    await world.prune();
    for (let hour = -1; hour <= 6; hour++) finder.changed(CHANNEL, WORLD_US + hour * HOUR_US);
    await world.addFile();
    for (let hour = -1; hour <= 6; hour++) finder.changed(CHANNEL, WORLD_US + hour * HOUR_US);
    const found = await finder.counts(CHANNEL, ALL_TIME);
    const other = new IndexFinder({ ...world, index: world.index, store: world.store, clock });
    assert.deepEqual(found, await other.counts(CHANNEL, ALL_TIME), `after ${waitMs} ms`);
    await world.fill();
    await world.fill();
  }
});

test("counts of an index lag one question behind another process, and ten minutes at most", async () => {
  const { world, clock, gaps } = await oldWorld();
  assert.equal(await gaps(), 0);
  await changeHour(world);
  assert.equal(await gaps(), 0); // It was looked at a moment ago.
  await clock.advance(11_000);
  assert.equal(await gaps(), 0); // Now it is looked at again, meanwhile …
  await clock.advance(1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(await gaps(), 0);
  await world.fill();
  await world.fill();
  assert.equal(await gaps(), 0);
  await changeHour(world);
  await clock.advance(601_000);
  assert.notEqual(await gaps(), 0); // Nothing that old is told unseen.
});

/** Adds a file to the channel, as another process would. */
async function changeHour(world: IndexWorld): Promise<void> {
  const count = async () => {
    let files = 0;
    for await (const _ of world.store.list(`${CHANNEL}/chat/`)) files++;
    return files;
  };
  for (const before = await count(); await count() === before;) await world.addFile();
}

test("RoomDirectory answers by what it knows while it reads again, and knows a new room by the next question", async () => {
  const { world, clock, finder } = await oldWorld();
  const options = { store: world.store, hasher, clock, random: seededRandom("r") };
  const reader = new SharedChatReader({
    ...options,
    reporter: noopReporter,
    cacheMaxBytes: 1_000_000,
    bootName: "",
  });
  const log = new ChatLog({ ...options, reporter: noopReporter, reader, finder });
  const logins = async () => (await log.rooms.all()).map(({ login }) => login);
  assert.deepEqual(await logins(), ["forsen", "nymn"]);
  for await (const key of world.store.list("nymn/")) await world.store.delete(key);
  for (let hour = -1; hour <= 6; hour++) finder.changed("nymn", WORLD_US + hour * HOUR_US);
  await clock.advance(6_000);
  assert.deepEqual(await logins(), ["forsen", "nymn"]);
  for (let i = 0; i < 20; i++) {
    await clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await logins(), ["forsen"]);
});
