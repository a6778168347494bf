import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileSystemSettled } from "../../../src/adapters/file_system/file_system_settled.ts";
import { memorySettled } from "../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { SettledNotes } from "../../../src/ports/notes/settled_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import {
  CHANNEL,
  contentsOf,
  filesOf,
  hasher,
  randomSightings,
  redactionFile,
  settleAll,
  WORLD_US,
} from "./settle_world.ts";

const WORLDS = Number(process.env["SETTLED_WORLDS"] ?? 150);

type File = readonly [ArchiveKey, Uint8Array];

/** Settles with notes. Returns how many files that read; at call `at`, `comes` is stored. */
async function settleWith(
  store: BatchStore,
  notes: SettledNotes,
  { at = Infinity, comes = [] }: { readonly at?: number; readonly comes?: readonly File[] } = {},
): Promise<number> {
  let calls = 0;
  let gets = 0;
  const arrive = async () => {
    if (++calls !== at) return;
    for (const file of comes) await store.put(...file);
  };
  const watched: BatchStore = {
    async *list(prefix) {
      await arrive();
      yield* store.list(prefix);
    },
    async *folders(folder) {
      await arrive();
      yield* store.folders(folder);
    },
    get: (key) => {
      gets++;
      return arrive().then(() => store.get(key));
    },
    put: (key, bytes) => arrive().then(() => store.put(key, bytes)),
    delete: (key) => arrive().then(() => store.delete(key)),
    strays: (prefix) => store.strays(prefix),
  };
  await settleArchive({ store: watched, hasher, reporter: noopReporter, notes });
  return gets;
}

/** Another store with the same files. */
async function copyOf(store: BatchStore): Promise<BatchStore> {
  const copy = memoryStore();
  for await (const key of store.list("")) await copy.put(key, (await store.get(key))!);
  return copy;
}

test(`settling with notes ends where settling without them does, ${WORLDS} worlds`, async () => {
  let spared = 0;
  for (let world = 0; world < WORLDS; world++) {
    const random = seededRandom(`settled notes ${world}`);
    const store = memoryStore();
    const notes = memorySettled();
    for (let step = 0; step < 12; step++) {
      const dice = random.next();
      if (dice < 0.3) {
        const files = [...filesOf(randomSightings(random, 1 + intBelow(random, 4)))];
        for (const file of files) await store.put(...file);
      } else if (dice < 0.37) await store.put(...await redactionFile(String(intBelow(random, 3))));
      else if (dice < 0.42) {
        const keys = [...(await contentsOf(store)).keys()].filter((key) => key.includes("/chat/"));
        if (keys.length === 0) continue;
        await store.put(pick(random, keys).replace(/\.json$/, ".tombstone"), new Uint8Array());
      } else if (dice < 0.6) {
        const comes = [...filesOf(randomSightings(random, 2))];
        await settleWith(store, notes, { at: 1 + intBelow(random, 60), comes });
      } else {
        const plain = await copyOf(store);
        // What came while it was settled may take a second round.
        if (await settleWith(store, notes) + await settleWith(store, notes) === 0) spared++;
        await settleAll(plain);
        await settleAll(plain);
        assert.deepEqual(await contentsOf(store), await contentsOf(plain), `world ${world}`);
      }
    }
  }
  assert.ok(spared > WORLDS / 10, `only ${spared} settlings were spared`);
});

test("an hour is not noted when a file that changes it comes before the next one is settled", async () => {
  const join = { content: 0, lengthS: 40, startS: 150, receiver: 0, receivedS: 150 };
  const other = { content: 1, lengthS: 5, startS: 200, receiver: 0, receivedS: 200 };
  // Seen together, the two are one event of the minute that begins the next hour.
  const comes = [...filesOf([{ ...join, startS: 181, receiver: 1, receivedS: 181 }])];
  for (let at = 1; at <= 60; at++) {
    const store = memoryStore();
    const notes = memorySettled();
    for (const file of filesOf([join, other])) await store.put(...file);
    await settleWith(store, notes, { at, comes });
    await settleWith(store, notes);
    const plain = await copyOf(store);
    await settleAll(plain);
    assert.deepEqual(await contentsOf(store), await contentsOf(plain), `came at call ${at}`);
  }
});

test("an hour is looked at again when the one before it comes to hold what cannot be settled", async () => {
  const store = memoryStore();
  const notes = memorySettled();
  const late = { content: 1, lengthS: 5, startS: 200, receiver: 0, receivedS: 200 };
  for (const file of filesOf([late])) await store.put(...file);
  assert.ok(await settleWith(store, notes) > 0);
  assert.equal(await settleWith(store, notes), 0);
  for (const file of filesOf([{ ...late, startS: 100, receivedS: 100 }])) await store.put(...file);
  const bytes = new TextEncoder().encode("no batch\n");
  await store.put(batchKey(CHANNEL, { timeUs: WORLD_US, digest: hasher.digest(bytes) }), bytes);
  const wanted = [...filesOf([late]).keys()][0]!;
  const read: ArchiveKey[] = [];
  const watched: BatchStore = {
    list: (prefix) => store.list(prefix),
    folders: (folder) => store.folders(folder),
    get: (key) => {
      read.push(key);
      return store.get(key);
    },
    put: (key, bytes) => store.put(key, bytes),
    delete: (key) => store.delete(key),
    strays: (prefix) => store.strays(prefix),
  };
  for (let i = 0; i < 2; i++) {
    read.length = 0;
    await settleArchive({ store: watched, hasher, reporter: noopReporter, notes });
    assert.ok(read.includes(wanted), "the hour after it was not looked at");
  }
});

test("a second settling reads no file, until a file comes, also in the hour beside", async () => {
  const store = memoryStore();
  const notes = memorySettled();
  const random = seededRandom("second settling");
  for (const file of filesOf(randomSightings(random, 40))) await store.put(...file);
  for (const file of filesOf(randomSightings(random, 40))) await store.put(...file);
  assert.ok(await settleWith(store, notes) > 0);
  assert.equal(await settleWith(store, notes), 0);
  for (const file of filesOf(randomSightings(random, 1))) await store.put(...file);
  assert.ok(await settleWith(store, notes) > 0);
  assert.equal(await settleWith(store, notes), 0);
  await store.put(...await redactionFile("1"));
  assert.ok(await settleWith(store, notes) > 0);
});

test("fileSystemSettled keeps notes, and takes none that are damaged", async () => {
  const folder = tempFolder();
  try {
    const notes = fileSystemSettled(folder.path);
    assert.deepEqual([...await notes.read("forsen")], []);
    const hours = new Map([["2026-08-01T12", "abc-_1"], ["2026-08-01T11", "x"]]);
    await notes.write("forsen", hours);
    assert.deepEqual([...await notes.read("forsen")].sort(), [...hours].sort());
    assert.deepEqual([...await notes.read("nymn")], []);
    const path = join(folder.path, ".chatloom", "settled", "forsen");
    writeFileSync(path, `2026-02-30T12 abc\n${readFileSync(path)}rubbish\n2026-08-01T13 \n`);
    assert.deepEqual([...await notes.read("forsen")].sort(), [...hours].sort());
    await assert.rejects(notes.read("../x"), RangeError);
  } finally {
    folder.close();
  }
});

test("notes that cannot be kept stop no settling", async () => {
  const folder = tempFolder();
  try {
    mkdirSync(join(folder.path, ".chatloom"));
    writeFileSync(join(folder.path, ".chatloom", "settled"), "a file in the place of the folder");
    const notes = fileSystemSettled(folder.path);
    await assert.rejects(notes.write("c", new Map([["2026-08-01T12", "x"]])), ChatloomError);
    const store = memoryStore();
    for (const file of filesOf(randomSightings(seededRandom("x"), 9))) await store.put(...file);
    assert.ok(await settleWith(store, notes) > 0);
  } finally {
    folder.close();
  }
});
