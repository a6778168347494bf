import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryMarks, memoryNotes } from "../../../src/adapters/memory/memory_notes.ts";
import { formatHour } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, hourOf, MINUTE_US } from "../../../src/core/time.ts";
import { pruneArchive, type PrunedHour } from "../../../src/engine/prune/prune_archive.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import { CHANNEL, contentsOf, filesOf, storeWith, WORLD_US } from "../settle/settle_world.ts";

// One message in each of three hours.
const SAID = [-1, 0, 1].map((hours) => ({
  content: 0,
  isExact: true,
  receiver: 0,
  receivedS: 0,
  startS: hours * 3600,
  lengthS: 0,
}));
const HOUR = hourOf(WORLD_US);

async function prune(beforeUs: number, isDryRun = false) {
  const store = await storeWith(SAID.flatMap((each) => [...filesOf([each])]));
  const marks = memoryMarks();
  const pruned: PrunedHour[] = [];
  const options = {
    store,
    lock: inProcessLock(store),
    marks,
    notes: memoryNotes(),
    beforeUs,
    isDryRun,
  };
  for await (const hour of pruneArchive(options)) pruned.push(hour);
  const left = [...(await contentsOf(store)).keys()].map((key) => key.split("/")[2]);
  return { pruned: pruned.map(({ hour }) => hour), left, mark: await marks.get(CHANNEL) };
}

const [BEFORE, AT, AFTER] = [HOUR - HOUR_US, HOUR, HOUR + HOUR_US].map(formatHour) as [
  string,
  string,
  string,
];

test("pruneArchive deletes hours that have ended, to the microsecond, and no other", async () => {
  const cases: [number, string[]][] = [
    [HOUR - HOUR_US, []],
    [HOUR - 1, []],
    [HOUR, [BEFORE]],
    [HOUR + 1, [BEFORE]],
    [HOUR + MINUTE_US, [BEFORE]],
    [HOUR + HOUR_US - 1, [BEFORE]],
    [HOUR + HOUR_US, [BEFORE, AT]],
    [HOUR + 2 * HOUR_US, [BEFORE, AT, AFTER]],
  ];
  for (const [beforeUs, gone] of cases) {
    const { pruned, left, mark } = await prune(beforeUs);
    assert.deepEqual(pruned, gone, `before ${beforeUs}`);
    assert.deepEqual(left, [BEFORE, AT, AFTER].filter((hour) => !gone.includes(hour)));
    // What went does not come back through sync, and what stayed may.
    assert.equal(mark, formatHour(hourOf(beforeUs)));
  }
});

test("pruneArchive in a dry run tells the same and changes nothing", async () => {
  const { pruned, left, mark } = await prune(HOUR + HOUR_US, true);
  assert.deepEqual(pruned, [BEFORE, AT]);
  assert.deepEqual(left, [BEFORE, AT, AFTER]);
  assert.equal(mark, "");
});

test("pruneArchive names what it cannot delete, keeps what hides it, and goes on", async () => {
  const files = SAID.flatMap((each) => [...filesOf([each])]);
  const store = faultyStore(await storeWith(files));
  const [first, second] = files.map(([key]) => key) as [string, string, string];
  const tombstone = first.replace(/json$/, "tombstone");
  await store.put(tombstone, new Uint8Array());
  store.spoil(first);
  const stray = { path: `${first.slice(0, first.lastIndexOf("/"))}/notes.txt`, reason: "no file" };
  async function* strays(prefix: string) {
    yield* store.strays(prefix);
    if (stray.path.startsWith(prefix)) yield stray;
  }
  const pruned: PrunedHour[] = [];
  const marks = memoryMarks();
  const options = { marks, notes: memoryNotes(), beforeUs: HOUR + HOUR_US, isDryRun: false };
  for await (
    const hour of pruneArchive({
      ...options,
      store: { ...store, strays },
      lock: inProcessLock(store),
    })
  ) pruned.push(hour);
  assert.deepEqual(pruned.map(({ hour, files }) => [hour, files]), [[BEFORE, 0], [AT, 1]]);
  assert.deepEqual(pruned[0]!.undeleted.map(({ path }) => path), [first, tombstone]);
  assert.deepEqual(pruned[0]!.strays, [stray]);
  assert.ok(await store.get(tombstone), "or the batch would be shown, once it can be read");
  assert.equal(await store.get(second), undefined);
});
