import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySettled } from "../../../src/adapters/memory/memory_notes.ts";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { splitBatch } from "../../../src/core/batch/batch.ts";
import { hourOf, type Micros } from "../../../src/core/time.ts";
import { SettledHours } from "../../../src/engine/notes/settled_hours.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { SettledNotes } from "../../../src/ports/notes/settled_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  listening,
  randomSightings,
  redactionFile,
  settleAll,
  type SmallSighting,
  storeWith,
  text,
  WORLD_US,
} from "../settle/settle_world.ts";

const WORLDS = 60;

async function settledWith(
  sightings: readonly SmallSighting[],
): Promise<{ store: BatchStore; notes: SettledNotes }> {
  const store = await storeWith(sightings.flatMap((each) => [...filesOf([each])]));
  const notes = memorySettled();
  const options = { store, hasher, reporter: noopReporter, notes };
  await settleArchive(options);
  await settleArchive(options); // What has nothing to settle is noted.
  return { store, notes };
}

async function read(store: BatchStore, settled?: SettledNotes): Promise<[Micros, string][]> {
  const found: [Micros, string][] = [];
  const options = { store, hasher, reporter: noopReporter, settled };
  for await (const { minuteUs, bytes } of readMinutes(CHANNEL, options)) {
    found.push([minuteUs, text(bytes)]);
  }
  return found;
}

/** The store, in which the bytes of `key` have one bit changed. */
function damaging(store: BatchStore, damaged: ArchiveKey): BatchStore {
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    async get(key, options) {
      const bytes = await store.get(key, options);
      return key === damaged ? bytes?.map((byte, i) => i === 9 ? byte ^ 1 : byte) : bytes;
    },
    put: (key, bytes, options) => store.put(key, bytes, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
  };
}

async function keysOf(store: BatchStore): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for await (const key of store.list("")) keys.push(key);
  return keys;
}

test("an hour that is noted as settled by its files is given as it stands, of others none is", async () => {
  const sightings = [61, 62].map((startS, content): SmallSighting => ({
    content,
    isExact: true,
    receiver: 0,
    receivedS: startS,
    startS,
    lengthS: 0,
  }));
  const [[, bytes]] = [...filesOf(sightings)] as [[ArchiveKey, Uint8Array]];
  const swapped = new TextEncoder().encode(
    splitBatch(bytes).reverse().map((line) => `${line}\n`).join(""),
  );
  const minuteUs = WORLD_US + 60e6;
  const key = batchKey(CHANNEL, { timeUs: minuteUs, digest: hasher.digest(swapped) });
  const store = await storeWith([[key, swapped]]);
  const notes = memorySettled();
  assert.deepEqual(await read(store, notes), [[minuteUs, text(bytes)]]);
  const options = { notes, hasher, reporter: noopReporter };
  const hours = await SettledHours.open(CHANNEL, [], options);
  await hours.note(hourOf(WORLD_US), [key]);
  await hours.save();
  assert.deepEqual(await read(store, notes), [[minuteUs, text(swapped)]], "the note was not used");
  const [other] = filesOf([{ ...sightings[0]!, content: 7 }]);
  await store.put(...other!);
  assert.deepEqual(await read(store, notes), await read(store), "the note is of other files");
});

test("notes change nothing of what is read, whatever happened to the archive since", async () => {
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = seededRandom(seed);
    const { store, notes } = await settledWith(randomSightings(random, 40));
    const before = await read(store);
    assert.deepEqual(await read(store, notes), before, `seed ${seed}`);
    const batch = pick(random, (await keysOf(store)).filter((key) => key.endsWith(".json")));
    let changed = store;
    switch (intBelow(random, 5)) {
      case 0: {
        for (const file of filesOf(randomSightings(random, 1))) await store.put(...file);
        break;
      }
      case 1:
        await store.put(...await redactionFile("1"));
        break;
      case 2:
        await store.put(batch.replace(/\.json$/, ".tombstone"), new Uint8Array());
        break;
      case 3:
        await store.delete(batch);
        break;
      case 4:
        changed = damaging(store, batch);
    }
    assert.deepEqual(await read(changed, notes), await read(changed), `seed ${seed}, changed`);
  }
});

test("a file that is damaged since its hour was noted is told of, and the others are given", async () => {
  const { store, notes: settled } = await settledWith(randomSightings(seededRandom(3), 40));
  const [first] = (await keysOf(store)).filter((key) => key.endsWith(".json"));
  const reporter = listening();
  const options = { store: damaging(store, first!), hasher, reporter, settled };
  let count = 0;
  for await (const _ of readMinutes(CHANNEL, options)) count++;
  assert.equal(count, (await read(store)).length - 1);
  assert.deepEqual(reporter.told.map(([, , { key, why }]) => [key, why]), [[first, "damaged"]]);
});

test("a message that was there at the start comes once, though its hour is settled meanwhile", async () => {
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = seededRandom(seed);
    const { store, notes } = await settledWith(randomSightings(random, 40));
    const idsOf = (minutes: readonly [Micros, string][]) =>
      minutes.flatMap(([, lines]) => [...lines.matchAll(/"id":"(\d+)"[^\n]*"time":([\d.]+)/g)])
        .map(([, id, time]) => `${id} ${time}`);
    const there = idsOf(await read(store));
    let gets = 0;
    const at = intBelow(random, 6);
    const files = [...filesOf(randomSightings(random, 5))];
    const busy: BatchStore = {
      ...damaging(store, ""),
      async get(key, options) {
        if (gets++ === at) {
          for (const file of files) await store.put(...file);
          await settleAll(store);
        }
        return await store.get(key, options);
      },
    };
    const found = idsOf(await read(busy, notes));
    assert.equal(new Set(found).size, found.length, `seed ${seed}: one came twice`);
    for (const id of there) assert.ok(found.includes(id), `seed ${seed}: ${id} is lost`);
  }
});
