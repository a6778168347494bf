import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { HOUR_US, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { verifyArchive } from "../../../src/engine/verify/verify_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { settleOneOf } from "../../bench/settle_one.ts";
import { addMessage, BEGIN_US, GENERATED_CHANNEL } from "../../bench/worlds/generated_archive.ts";
import { hasher } from "./settle_world.ts";

test("Settler touches a minute that changed and those beside it, however many there are", async () => {
  const small = await settleOneOf(50);
  assert.deepEqual(small, {
    list: 4, // redactions; the hour; the hour again, before and after deleting
    get: 6, // five minutes' batches, and the new one
    put: 1, // the merged batch
    delete: 2,
    minutes: 5,
    written: 1,
    deleted: 2,
  });
  assert.deepEqual(await settleOneOf(2_000), small);
});

const HOURS = 3;

/** Three whole hours, each minute with a message in one file and another in a second one. */
async function unsettledStore(): Promise<BatchStore> {
  const store = memoryStore();
  const fromUs = BEGIN_US - BEGIN_US % HOUR_US;
  for (let minute = 0; minute < HOURS * 60; minute++) {
    for (const second of [5, 35]) {
      const timeUs = fromUs + minute * MINUTE_US;
      const set = new SightingSet();
      addMessage(set, timeUs + second * SECOND_US);
      const bytes = set.encode();
      await store.put(
        batchKey(GENERATED_CHANNEL, { timeUs, digest: hasher.digest(bytes) }),
        bytes,
      );
    }
  }
  return store;
}

/** How often `work` calls each method of `store`. */
async function callsOf(
  store: BatchStore,
  work: (counted: BatchStore) => Promise<void>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await work(faultyStore(store, {
    plan: ({ method }) => {
      counts[method] = (counts[method] ?? 0) + 1;
      return undefined;
    },
  }));
  return counts;
}

const tools = { hasher, reporter: noopReporter };

async function settle(store: BatchStore): Promise<void> {
  await settleArchive({ ...tools, store });
}

async function verify(store: BatchStore): Promise<void> {
  for await (const { kind } of verifyArchive({ hasher, store })) assert.equal(kind, "never");
}

async function read(store: BatchStore): Promise<void> {
  let minutes = 0;
  for await (const _ of readMinutes(GENERATED_CHANNEL, { ...tools, store })) minutes++;
  assert.equal(minutes, HOURS * 60);
}

// Each hour is settled in four spans. A span lists the redactions, its hour before it reads, and before and
// after it deletes, and an hour beside its own where it stands at the edge of it.
const SPANS = HOURS * 4;
const MINUTES = HOURS * 60;

test("settling, verifying and reading list hours, not minutes, and read no file twice", async () => {
  const store = await unsettledStore();

  const first = await callsOf(store, settle);
  assert.ok(first["list"]! <= 5 * SPANS + 4 * HOURS, `${first["list"]} listings to settle`);
  // What a span wrote is read again beside the next one.
  assert.ok(first["get"]! <= 2 * MINUTES + 2 * SPANS, `${first["get"]} files read to settle`);
  assert.equal(first["put"], MINUTES);
  assert.equal(first["delete"], 2 * MINUTES);

  const again = await callsOf(store, settle);
  assert.ok(again["list"]! <= 3 * SPANS + 4 * HOURS, `${again["list"]} listings to settle again`);
  assert.equal(again["get"], MINUTES);
  assert.equal(again["put"], undefined);

  const verified = await callsOf(store, verify);
  assert.ok(verified["list"]! <= 9 * HOURS + 2, `${verified["list"]} listings to verify`);
  assert.equal(verified["get"], MINUTES);

  const seen = await callsOf(store, read);
  assert.ok(seen["list"]! <= 8 * (HOURS + 2), `${seen["list"]} listings to read`);
  assert.equal(seen["get"], MINUTES);
});
