import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import {
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { apiWorld } from "../../conformance/api/api_world.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import {
  CHANNEL,
  filesOf,
  randomSightings,
  settleAll,
  storeWith,
  text,
  truthOf,
  WORLD_US,
} from "../settle/settle_world.ts";

const SEED = Number(process.env["SIM_SEED"] ?? 20260801);

/** The same store, in whose calls others get their turn. */
function yieldingStore(inner: BatchStore, random: SeededRandom): BatchStore & { deleted: number } {
  const pause = async () => {
    if (random.next() < 0.02) await new Promise((resolve) => setTimeout(resolve, 0));
    for (let i = intBelow(random, 4); i > 0; i--) await Promise.resolve();
  };
  const store = {
    deleted: 0,
    async *list(...args: Parameters<BatchStore["list"]>) {
      await pause();
      for await (const key of inner.list(...args)) {
        if (random.next() < 0.05) await pause();
        yield key;
      }
    },
    folders: inner.folders.bind(inner),
    strays: inner.strays.bind(inner),
    async get(...args: Parameters<BatchStore["get"]>) {
      await pause();
      return await inner.get(...args);
    },
    async put(...args: Parameters<BatchStore["put"]>) {
      await pause();
      await inner.put(...args);
    },
    async delete(...args: Parameters<BatchStore["delete"]>) {
      store.deleted++;
      await inner.delete(...args);
    },
  };
  return store;
}

/** Asks `asked` times while a settler works and a recorder goes on adding what is known already. */
async function askWhileSettling(
  inner: BatchStore,
  { asked, seed }: { readonly asked: number; readonly seed: number },
): Promise<{ readonly deleted: number }> {
  const random = seededRandom(seed);
  const store = yieldingStore(inner, random);
  const known = randomSightings(random, 60);
  // Receivers hear equal things: what all of them know together never changes from here on.
  for (const [key, bytes] of filesOf(known)) await store.put(key, bytes);
  const lines = text(truthOf(known).encode()).trimEnd().split("\n");
  const truth = lines.map((line) => JSON.parse(line) as Message);

  let isDone = false;
  const adding = (async () => {
    while (!isDone) {
      const some = known.filter(() => random.next() < 0.3);
      for (const [key, bytes] of filesOf(some)) await store.put(key, bytes);
      await new Promise((resolve) => setTimeout(resolve, intBelow(random, 30)));
    }
  })();
  const settling = (async () => {
    while (!isDone) {
      await settleAll(store);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  })();
  const forgetful = apiWorld({ store, cacheMaxBytes: 0 });
  const usual = apiWorld({ store });
  async function askOnce(): Promise<void> {
    const from = WORLD_US / 1e6 + intBelow(random, 300) - 30;
    const to = from + 1 + intBelow(random, 200);
    const isReversed = random.next() < 0.3;
    const name = pick(random, ["chat.json", "chat.ndjson"]);
    const path = `/${CHANNEL}/${name}?start=${from}&end=${to}&reverse=${isReversed}`;
    const expected = truth.filter(({ time, time_range }) => from <= time + time_range && time < to);
    if (isReversed) expected.reverse();
    const body = await pick(random, [forgetful, usual]).text(path);
    const found = name === "chat.json"
      ? JSON.parse(body)
      : body.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    assert.deepEqual(found, expected, `${path}: replay with SIM_SEED=${seed}`);
  }
  try {
    for (let i = 0; i < asked; i += 4) await Promise.all([1, 2, 3, 4].map(askOnce));
  } finally {
    isDone = true;
    await Promise.all([adding, settling]);
  }
  console.log(`asked ${asked} times, ${store.deleted} files deleted meanwhile`);
  return { deleted: store.deleted };
}

test("chat is never wrong and never an error while settling deletes files under it", async () => {
  const { deleted } = await askWhileSettling(await storeWith([]), { asked: 2_000, seed: SEED });
  assert.ok(deleted > 300, `only ${deleted} files were deleted meanwhile`);
});

test("chat is never wrong while settling deletes files of a folder", async () => {
  const folder = tempFolder();
  try {
    const store = fileSystemStore(folder.path);
    const { deleted } = await askWhileSettling(store, { asked: 100, seed: SEED + 1 });
    assert.ok(deleted > 20, `only ${deleted} files were deleted meanwhile`);
  } finally {
    folder.close();
  }
});
