import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { writeCoverage } from "../../../src/engine/coverage/write_coverage.ts";

test("writeCoverage stores the files of many channels 16 at a time, each before it says so", async () => {
  const stays = Array.from({ length: 100 }, (_, i) => ({
    n: 1,
    channel: `c${i}`,
    fromUs: 0,
    toUs: 60 * SECOND_US,
  }));
  let [running, most] = [0, 0];
  const safe = new Set<ArchiveKey>();
  const store = memoryStore();
  const slow = {
    ...store,
    list: store.list.bind(store),
    folders: store.folders.bind(store),
    strays: store.strays.bind(store),
    get: store.get.bind(store),
    delete: store.delete.bind(store),
    async put(key: ArchiveKey, bytes: Uint8Array) {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await store.put(key, bytes);
      safe.add(key);
      running--;
    },
  };
  let told = 0;
  await writeCoverage(stays, {
    store: slow,
    hasher: nodeHasher(),
    run: "test.abcde",
    serverClock: undefined,
    wallOffsetUs: 1_785_587_640_000_000,
    onStored: (key) => {
      assert.ok(safe.has(key));
      told++;
    },
  });
  assert.deepEqual([safe.size, told, most], [100, 100, 16]);
});
