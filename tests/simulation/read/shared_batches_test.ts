import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  randomSightings,
  readAll,
  redactionFile,
  settleAll,
  type SmallSighting,
  storeWith,
  text,
  WORLD_US,
} from "../settle/settle_world.ts";

const SEED = Number(globalThis.process?.env["SIM_SEED"] ?? 20261128);
const WORLDS = 25;
const STEPS = 12;

function readerOf(store: BatchStore, cacheMaxBytes: number): SharedChatReader {
  const clock = virtualClock();
  return new SharedChatReader({
    ...{ store, hasher, clock, cacheMaxBytes },
    reporter: noopReporter,
    bootName: "test",
  });
}

async function readWorld(reader: SharedChatReader): Promise<[Micros, string][]> {
  const range = { startUs: WORLD_US - HOUR_US, endUs: WORLD_US + HOUR_US, isReversed: false };
  const { minutes } = await reader.read(CHANNEL, range);
  const found: [Micros, string][] = [];
  for await (const { minuteUs, bytes } of minutes) found.push([minuteUs, text(bytes)]);
  return found;
}

test("a reader that keeps batches gives what a fresh reading gives, whatever comes, grows, settles and is forgotten", async () => {
  let redacted = 0;
  for (let world = 0; world < WORLDS; world++) {
    const random = seededRandom(SEED + world);
    const store = await storeWith([]);
    // The second keeps no minute: it puts each together anew, from the batches that it keeps.
    const readers = [readerOf(store, 1_000_000), readerOf(store, 0)];
    let open: SmallSighting[] = [];
    let openKeys: ArchiveKey[] = [];
    for (let step = 0; step < STEPS; step++) {
      const kind = pick(random, ["grow", "grow", "grow", "come", "settle", "forget"]);
      if (kind === "grow") {
        open = [...open, ...randomSightings(random, 1 + intBelow(random, 6))];
        const grown = filesOf(open);
        for (const [key, bytes] of grown) await store.put(key, bytes);
        for (const key of openKeys) if (!grown.has(key)) await store.delete(key);
        openKeys = [...grown.keys()];
      } else if (kind === "come") {
        for (const [key, bytes] of filesOf(randomSightings(random, 5))) await store.put(key, bytes);
      } else if (kind === "settle") {
        await settleAll(store);
        openKeys = [];
      } else if (random.next() < 0.5) {
        const ids = [...(await readAll(store)).values()].join("").match(/"id":"[^"]+"/g) ?? [];
        if (ids.length === 0) continue;
        await store.put(...await redactionFile(pick(random, ids).slice(6, -1)));
        redacted++;
      }
      const expected = [...await readAll(store)];
      for (const reader of readers) {
        const context = `step ${step} (${kind}): replay with SIM_SEED=${SEED + world}`;
        assert.deepEqual(await readWorld(reader), expected, context);
      }
    }
  }
  assert.ok(redacted > 10, `${redacted} orders`);
});

test("a message of the open minute has no other file read again, however far chains reach", async () => {
  const inner = await storeWith([]);
  const read: ArchiveKey[] = [];
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    put: (...args) => inner.put(...args),
    delete: (...args) => inner.delete(...args),
    get(key, options) {
      read.push(key);
      return inner.get(key, options);
    },
  };
  // Each JOIN overlaps the next, so that all minutes depend on the last one.
  const joins = [0, 50, 100, 150, 200, 250].map((startS, receiver): SmallSighting => ({
    ...{ content: 0, isExact: false, receiver, receivedS: startS, startS, lengthS: 60 },
  }));
  for (const join of joins) {
    for (const [key, bytes] of filesOf([join])) await store.put(key, bytes);
  }
  const reader = readerOf(store, 1_000_000);
  await readWorld(reader);
  const minutes = new Set(
    read.map((key) => parseArchiveKey(key)).flatMap((parts) =>
      parts?.kind === "batch" ? parts.minuteUs : []
    ),
  );
  assert.ok(minutes.size >= 5, `${minutes.size} minutes`);
  for (let receivedS = 260; receivedS < 264; receivedS++) {
    const line = {
      content: 1,
      isExact: true,
      receiver: 0,
      receivedS,
      startS: receivedS,
      lengthS: 0,
    };
    const [[key, bytes]] = [...filesOf([line])] as [[ArchiveKey, Uint8Array]];
    await store.put(key, bytes);
    read.length = 0;
    const found = await readWorld(reader);
    assert.deepEqual(read, [key]);
    assert.deepEqual(found, [...await readAll(inner)]);
    assert.equal(found.at(-1)![0], WORLD_US + 4 * MINUTE_US);
  }
});
