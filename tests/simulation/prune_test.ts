import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryMarks, memoryNotes } from "../../src/adapters/memory_notes.ts";
import { formatHour } from "../../src/core/archive_key.ts";
import { HOUR_US, hourOf, MINUTE_US } from "../../src/core/time.ts";
import { pruneArchive, type PrunedHour } from "../../src/engine/prune/prune_archive.ts";
import { ownLock } from "../../src/engine/settle/own_lock.ts";
import { CHANNEL, contentsOf, filesOf, storeWith, WORLD_US } from "./settle_world.ts";

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
  const options = { store, lock: ownLock(store), marks, notes: memoryNotes(), beforeUs, isDryRun };
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
