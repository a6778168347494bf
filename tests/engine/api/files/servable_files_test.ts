import assert from "node:assert/strict";
import { test } from "node:test";
import { formatArchiveKey } from "../../../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../../../src/core/coverage/coverage.ts";
import { hourOf } from "../../../../src/core/time.ts";
import { hiddenAmong, tombstoneOf } from "../../../../src/engine/read/files/minute_listing.ts";
import { ServableFiles } from "../../../../src/engine/api/files/servable_files.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  redactionFile,
  storeWith,
  WORLD_US,
} from "../../../simulation/settle/settle_world.ts";

/** A store with one batch, whose message has the id 5, and what may be given away of it. */
async function world() {
  const [[key, bytes] = ["", new Uint8Array()]] = filesOf([
    { content: 5, isExact: true, receiver: 0, receivedS: 1, startS: 1, lengthS: 0 },
  ]);
  const store = await storeWith([[key, bytes]]);
  const told: string[] = [];
  const counted: string[] = [];
  const files = new ServableFiles({
    store,
    hasher,
    reporter: {
      report: (_severity, message, fields) =>
        void told.push(`${message.slice(0, 11)} ${fields?.["why"]} ${fields?.["reason"] ?? "-"}`),
      count: (name, labels) => void counted.push(`${name} ${labels?.["why"]}`),
    },
  });
  return { store, key, bytes, files, told, counted };
}

test("ServableFiles gives a batch away, the same each time, and nothing that is not there", async () => {
  const { store, key, bytes, files, told } = await world();
  for (let time = 0; time < 3; time++) assert.deepEqual(await files.get(key), bytes);
  assert.equal(await files.get(key.replace(/\d\d:00/, "00:00")), undefined);
  assert.equal(await files.get("nothing"), undefined);
  await store.delete(key);
  assert.equal(await files.get(key), undefined);
  assert.deepEqual(told, []);
});

test("ServableFiles keeps back what is damaged, also after it was given away, and tells once", async () => {
  const { store, key, files, told, counted } = await world();
  await store.put(key, Uint8Array.of(1));
  for (let time = 0; time < 2; time++) assert.equal(await files.get(key), undefined);
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^A file cann damaged its 1 bytes have the hash /);
  assert.deepEqual(counted, ["files_kept_back damaged"]);
  const good = await world();
  assert.ok(await good.files.get(good.key));
  await good.store.put(good.key, Uint8Array.of(1));
  assert.equal(await good.files.get(good.key), undefined);
  assert.equal(good.told.length, 1);
});

test("ServableFiles gives nothing away that a tombstone hides, and the tombstone itself", async () => {
  const { store, key, files, told } = await world();
  assert.ok(await files.get(key));
  const tombstone = tombstoneOf(key);
  await store.put(tombstone, new Uint8Array(64 * 1_024));
  assert.equal(await files.get(key), undefined);
  assert.equal((await files.get(tombstone))!.length, 64 * 1_024);
  await store.put(tombstone, new Uint8Array(64 * 1_024 + 1));
  assert.equal(await files.get(tombstone), undefined);
  assert.deepEqual(told, ["A file cann too long -"]);
  assert.equal(await files.get(tombstone.replace(/\d\d:00/, "00:00")), undefined);
});

test("ServableFiles gives nothing away that somebody asked to forget, as long as the order stands", async () => {
  const { store, key, bytes, files } = await world();
  assert.ok(await files.get(key));
  const [other, otherBytes] = await redactionFile("6");
  await store.put(other, otherBytes);
  assert.deepEqual(await files.get(key), bytes);
  const [redaction, order] = await redactionFile("5");
  await store.put(redaction, order);
  assert.equal(await files.get(key), undefined);
  assert.deepEqual(await files.get(redaction), order);
  await store.delete(redaction);
  assert.deepEqual(await files.get(key), bytes);
});

test("ServableFiles tells of a redaction that cannot be read, and tries it again", async () => {
  const { store, key, bytes, files, told } = await world();
  const [redaction, order] = await redactionFile("5");
  await store.put(redaction, Uint8Array.of(1));
  assert.deepEqual(await files.get(key), bytes);
  assert.equal(await files.get(redaction), undefined);
  assert.equal(told.length, 2);
  assert.match(told[0]!, /^A redaction redaction /);
  assert.match(told[1]!, /^A file cann redaction /);
  await store.put(redaction, order);
  assert.equal(await files.get(key), undefined);
});

test("ServableFiles gives coverage of the right hour away", async () => {
  const { store, files, told } = await world();
  const hourUs = hourOf(WORLD_US);
  const bytes = encodeCoverage(hourUs, new Map([["a.aaaaa.1", [[0, 5]]]]));
  const parts = { kind: "coverage", channel: CHANNEL, digest: hasher.digest(bytes) } as const;
  const [right, wrong] = [hourUs, 0].map((hourUs) => formatArchiveKey({ ...parts, hourUs }));
  for (const key of [right, wrong]) await store.put(key!, bytes);
  assert.deepEqual(await files.get(right!), bytes);
  assert.equal(await files.get(wrong!), undefined);
  assert.deepEqual(told, ["A file cann misplaced it is of another hour"]);
});

test("hiddenAmong tells what a tombstone hides", async () => {
  const { store, key } = await world();
  await store.put(tombstoneOf(key), new Uint8Array());
  const keys = [key, tombstoneOf(key)];
  const isHidden = hiddenAmong(keys);
  assert.deepEqual(keys.map(isHidden), [true, false]);
  assert.equal(hiddenAmong([key])(key), false);
});
