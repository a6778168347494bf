import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "../../../src/async/collect.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import {
  type ArchiveKey,
  batchKey,
  hourPrefix,
  minutePrefix,
  redactionPrefix,
} from "../../../src/core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { rememberedListings } from "../../../src/engine/read/files/remembered_listings.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";

const T = Date.UTC(2026, 7, 1, 12) * 1_000;
const HOUR = hourPrefix("forsen", T);

/** A store that notes what is listed, in folders whose version is `versions.now`. */
async function world() {
  const files = memoryStore();
  const keys: ArchiveKey[] = [];
  for (const minute of [0, 1, 1]) {
    const digest = new Uint8Array(32).fill(keys.length + 1);
    const key = batchKey("forsen", { timeUs: T + minute * MINUTE_US, digest });
    await files.put(key, new Uint8Array([1]));
    keys.push(key);
  }
  const listed: string[] = [];
  const versions = { now: "1", asked: [] as string[], unreadable: false };
  const noting: BatchStore = {
    ...{ folders: files.folders.bind(files), get: files.get.bind(files) },
    ...{ put: files.put.bind(files), delete: files.delete.bind(files) },
    strays: files.strays.bind(files),
    async *list(prefix, options) {
      listed.push(prefix);
      yield* files.list(prefix, options);
      if (versions.unreadable) {
        throw new UnreadableEntryError("STORE_IO", [{ key: "forsen", reason: "broken" } as never]);
      }
    },
  };
  const store = rememberedListings(noting, {
    of(folders) {
      versions.asked.push(...folders);
      return folders.map(() => versions.now);
    },
  });
  return { store, keys: keys.sort(), listed, versions };
}

test("rememberedListings lists an hour once while its folder is the same, also for its minutes", async () => {
  const { store, keys, listed, versions } = await world();
  assert.deepEqual(await collect(store.list(HOUR)), keys);
  assert.deepEqual(await collect(store.list(HOUR)), keys);
  const minute = minutePrefix("forsen", T + MINUTE_US);
  assert.deepEqual(await collect(store.list(minute)), keys.slice(1));
  assert.deepEqual(listed, [HOUR]);
  await store.delete(keys[0]!);
  versions.now = "2";
  assert.deepEqual(await collect(store.list(HOUR)), keys.slice(1));
  assert.deepEqual(listed, [HOUR, HOUR]);
});

test("rememberedListings remembers nothing of a folder that may change unseen, or cannot be read", async () => {
  const { store, keys, listed, versions } = await world();
  versions.now = "";
  for (let i = 0; i < 2; i++) assert.deepEqual(await collect(store.list(HOUR)), keys);
  assert.equal(listed.length, 2);
  versions.now = "1";
  versions.unreadable = true;
  for (let i = 0; i < 2; i++) {
    await assert.rejects(collect(store.list(HOUR)), UnreadableEntryError);
  }
  assert.equal(listed.length, 4);
});

test("rememberedListings lists again after a listing that its caller left early", async () => {
  const { store, keys } = await world();
  for await (const _ of store.list(HOUR)) break;
  assert.deepEqual(await collect(store.list(HOUR)), keys);
});

test("rememberedListings asks for both places where redactions may be, and leaves wider listings alone", async () => {
  const { store, listed, versions } = await world();
  await collect(store.list(redactionPrefix("forsen")));
  await collect(store.list(redactionPrefix("forsen")));
  assert.deepEqual(listed, ["forsen/.chatloom/redactions/"]);
  assert.deepEqual(
    new Set(versions.asked),
    new Set(["forsen/.chatloom/redactions", "forsen/chat/redactions"]),
  );
  for (const prefix of ["", "forsen/chat/", "forsen/chat/2026-08-01T1"]) {
    await collect(store.list(prefix));
    await collect(store.list(prefix));
  }
  assert.equal(listed.length, 7);
});
