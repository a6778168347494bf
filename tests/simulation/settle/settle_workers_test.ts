import assert from "node:assert/strict";
import { test } from "node:test";
import { inlinePool } from "../../../src/adapters/memory/inline_pool.ts";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { SpanPlanner, SpanWorkers } from "../../../src/engine/settle/span_workers.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import {
  chance,
  intBelow,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import {
  CHANNEL,
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  listening,
  randomSightings,
  redactionFile,
  storeWith,
  textsOf,
  truthOf,
  workersOn,
  WORLD_US,
} from "./settle_world.ts";

/** Three nodes' files, some of them beside a damaged one or under a redaction. */
async function randomFiles(random: SeededRandom): Promise<(readonly [ArchiveKey, Uint8Array])[]> {
  const sightings = randomSightings(random, 2 + intBelow(random, 20));
  const files: (readonly [ArchiveKey, Uint8Array])[] = [0, 1, 2].flatMap(() => [
    ...filesOf(sightings.filter(() => chance(random, 0.6))),
  ]);
  if (chance(random, 0.3)) {
    const digest = hasher.digest(new Uint8Array([intBelow(random, 9)]));
    files.push([batchKey(CHANNEL, { timeUs: WORLD_US, digest }), new Uint8Array(3)]);
  }
  if (chance(random, 0.3)) files.push(await redactionFile(String(intBelow(random, 3))));
  return files;
}

async function settled(store: BatchStore, workers: SpanWorkers | undefined) {
  const reporter = listening();
  const totals = await settleArchive({ store, hasher, reporter, workers });
  return { totals, told: reporter.told, contents: await contentsOf(await readable(store)) };
}

/** A store without what is damaged. */
async function readable(store: BatchStore): Promise<BatchStore> {
  const files: [ArchiveKey, Uint8Array][] = [];
  for await (const key of store.list("")) {
    const bytes = (await store.get(key))!;
    if (bytes.some((byte) => byte !== 0)) files.push([key, bytes]);
  }
  return await storeWith(files);
}

test("settleArchive does and tells the same with workers as without", async () => {
  let faults = 0;
  for (let seed = 0; seed < 120; seed++) {
    const files = await randomFiles(seededRandom(`workers ${seed}`));
    const [alone, helped] = [await storeWith(files), await storeWith(files)];
    const expected = await settled(alone, undefined);
    assert.deepEqual(await settled(helped, workersOn(helped)), expected, `seed ${seed}`);
    faults += expected.told.length;
  }
  assert.ok(faults > 20, `${faults} faults`);
});

test("settleArchive plans itself what its workers fail to plan", async () => {
  const sightings = randomSightings(seededRandom("failing workers"), 20);
  const files = [0, 1, 2].flatMap((node) => [
    ...filesOf(sightings.filter(({ receiver }) => receiver === node)),
  ]);
  const answers = {
    nothing: () => Promise.resolve(undefined),
    failure: () => Promise.reject(new Error("A thread ended before its task did")),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const store = await storeWith(files);
    let asked = 0;
    const pool = inlinePool(() => (asked++, answer()));
    await settled(store, new SpanWorkers(pool, { inlineCount: 0 }));
    assert.ok(asked > 0);
    assert.deepEqual(await contentsOf(store), textsOf(filesOfSet(truthOf(sightings))), name);
  }
});

test("SpanWorkers leave the first spans to the caller", async () => {
  const asked: number[] = [];
  const pool = inlinePool(({ span }: { span: { fromUs: number } }) => {
    asked.push(span.fromUs);
    return Promise.resolve(undefined);
  });
  const workers = new SpanWorkers(pool, { inlineCount: 2 });
  const inline = () => Promise.reject(new Error("planned inline"));
  const planned = [0, 1, 2].map((fromUs) =>
    workers.plan({ channel: "c", span: { fromUs, toUs: fromUs } }, inline)
  );
  assert.deepEqual(planned.map((each) => each === undefined), [true, true, false]);
  await assert.rejects(planned[2]!, { message: "planned inline" });
  assert.deepEqual(asked, [2]);
});

test("SpanPlanner changes nothing, and answers in plain values", async () => {
  const sightings = randomSightings(seededRandom("planner"), 20);
  const store = await storeWith([0, 1, 2].flatMap((node) => [
    ...filesOf(sightings.filter(({ receiver }) => receiver === node)),
  ]));
  const before = await contentsOf(store);
  store.put = store.delete = () => assert.fail("a worker changed the archive");
  const planner = new SpanPlanner({ store, hasher });
  const span = { fromUs: WORLD_US, toUs: WORLD_US + 5 * 60_000_000 };
  const verdict = await planner.plan({ channel: CHANNEL, span });
  assert.ok(verdict !== undefined && verdict.missing.length > 0 && verdict.covered.length > 0);
  assert.deepEqual(structuredClone(verdict), verdict);
  assert.deepEqual(await contentsOf(store), before);
});
