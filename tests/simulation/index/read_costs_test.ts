import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { collect } from "../../../src/async/collect.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { ALL_TIME, ChatLog, type LogQuery } from "../../../src/engine/logs/chat_log.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { said } from "../../conformance/api/api_world.ts";
import { hasher, IndexWorld, WORLD_US } from "./index_world.ts";

const HOURS = 12;

/** A store that counts calls. */
function counting(inner: BatchStore) {
  const calls = { list: 0, get: 0, folders: 0, gotten: new Map<string, number>() };
  const store: BatchStore = {
    list: (...args) => (calls.list++, inner.list(...args)),
    get(key, options) {
      calls.get++;
      calls.gotten.set(key, 1 + (calls.gotten.get(key) ?? 0));
      return inner.get(key, options);
    },
    folders: (...args) => (calls.folders++, inner.folders(...args)),
    put: (...args) => inner.put(...args),
    delete: (...args) => inner.delete(...args),
    strays: (...args) => inner.strays(...args),
  };
  return { store, calls };
}

/** A settled, indexed archive: a file a minute; bob speaks once an hour, in the eighth minute. */
async function settledWorld(store: BatchStore): Promise<IndexWorld> {
  const world = new IndexWorld({ random: seededRandom("costs"), store });
  for (let minute = 0; minute < HOURS * 60; minute++) {
    const [id, login] = minute % 60 === 7 ? ["2", "bob"] : ["1", "ada"];
    const tags = { "room-id": "22", "user-id": id };
    const bytes = encodeBatch([said(60 * minute + 30, "hello", { login, tags })]);
    const timeUs = WORLD_US + minute * MINUTE_US;
    await store.put(batchKey("forsen", { timeUs, digest: await hasher.digest(bytes) }), bytes);
  }
  await world.settle();
  await world.fill();
  return world;
}

async function askedCosts(query: LogQuery, limit: number) {
  const { store, calls } = counting(memoryStore());
  const { finder, random, settled } = await settledWorld(store);
  const options = { store, hasher, random, clock: systemClock(), reporter: noopReporter, settled };
  const reader = new SharedChatReader({ ...options, cacheMaxBytes: 1_000_000, bootName: "" });
  const log = new ChatLog({ ...options, reader, finder });
  const room = await log.rooms.byLogin("forsen");
  const before = { ...calls };
  let count = 0;
  for await (const lines of log.lines(room!, query)) {
    count += lines.length;
    if (count >= limit) break;
  }
  const { list, get, folders } = calls;
  return {
    count,
    list: list - before.list,
    get: get - before.get,
    folders: folders - before.folders,
  };
}

test("a user's scattered minutes of settled hours cost one file each and two rounds of listing", async () => {
  const costs = await askedCosts({ ...ALL_TIME, person: { id: "2", login: "bob" } }, Infinity);
  assert.equal(costs.count, HOURS);
  assert.equal(costs.get, HOURS);
  // Listing the hours of a channel grows with its age: it is done for the question, not for its minutes.
  assert.ok(costs.folders <= 3, `${costs.folders} listings of folders`);
  // The hour, those beside it and the redactions, twice; and what the index lists to know that it still holds.
  assert.ok(costs.list <= 13 * HOURS, `${costs.list} listings`);
});

test("the newest messages of a settled archive cost about the files that hold them", async () => {
  const costs = await askedCosts({ ...ALL_TIME, isReversed: true }, 20);
  assert.ok(costs.count >= 20);
  assert.ok(costs.get <= 40, `${costs.get} files`);
  assert.ok(costs.list <= 80, `${costs.list} listings`);
});

test("readers that ask for the same hours at the same time share one reading of each", async () => {
  const { store, calls } = counting(memoryStore());
  const { settled } = await settledWorld(store);
  for (const notes of [settled, undefined]) {
    const options = { store, hasher, clock: systemClock(), reporter: noopReporter };
    const reader = new SharedChatReader({
      ...{ ...options, settled: notes, cacheMaxBytes: 1_000_000, bootName: "" },
    });
    calls.gotten.clear();
    const range = { startUs: WORLD_US, endUs: WORLD_US + 2 * HOUR_US, isReversed: false };
    const texts = await Promise.all(Array.from({ length: 16 }, async () => {
      const { minutes } = await reader.read("forsen", range);
      return (await collect(minutes)).map(({ minuteUs }) => minuteUs);
    }));
    assert.equal(texts[0]!.length, 120);
    assert.equal(new Set(texts.map(String)).size, 1);
    // The first minutes also decide whether the hour before hangs over.
    const most = Math.max(...calls.gotten.values());
    assert.ok(most <= 2, `a file was read ${most} times`);
  }
});
