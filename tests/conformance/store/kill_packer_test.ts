import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { packedStore } from "../../../src/adapters/file_system/packs/packed_store.ts";
import { collect } from "../../../src/async/collect.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { tempFolder } from "../disk/temp_folder.ts";
import { startPacker } from "./pack_child.ts";

const KILLS = Number(process.env["PACK_KILLS"] ?? 8);
const BEGIN_US = Date.UTC(2026, 7, 1, 12) * 1000;

test(`two packers of one folder, ${KILLS} times killed, lose no byte`, async () => {
  const { path, close } = tempFolder();
  const seed = process.env["PACK_SEED"] ?? "two packers";
  const random = seededRandom(seed);
  const store = packedStore(path);
  const files = new Map<string, Uint8Array>();
  for (let minute = 0; minute < 240; minute += 10) {
    const bytes = new TextEncoder().encode(`minute ${minute}, ${random.next()} `.repeat(99));
    const timeUs = BEGIN_US + minute * MINUTE_US;
    const key = batchKey("forsen", { timeUs, digest: nodeHasher().digest(bytes) });
    files.set(key, bytes);
    await store.put(key, bytes);
  }
  const children = [startPacker(path), startPacker(path)];
  try {
    for (const child of children) await child.nextLine();
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, random.next() * 60));
      await children[kill % 2]!.kill();
      const found = await collect(store.list("forsen/"));
      assert.deepEqual(found, [...files.keys()].sort(), `PACK_SEED=${seed}, kill ${kill}`);
      for (const [key, bytes] of files) assert.deepEqual(await store.get(key), bytes, key);
      children[kill % 2] = startPacker(path);
      await children[kill % 2]!.nextLine();
    }
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await close();
  }
});
