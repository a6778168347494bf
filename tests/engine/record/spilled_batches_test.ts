import assert from "node:assert/strict";
import { test } from "node:test";
import { SpilledBatches } from "../../../src/engine/record/spilled_batches.ts";

test("SpilledBatches gives the oldest back first, as many as memory has room for, and at least one", () => {
  const shelf = new SpilledBatches();
  const batch = (id: number, channel: string, heldBytes: number) => ({
    id,
    channel,
    minuteUs: 0,
    firstSegment: 10 - id,
    identity: {},
    version: 1,
    heldBytes,
  });
  assert.deepEqual([shelf.size, shelf.oldestSegment], [0, Infinity]);
  for (const each of [batch(3, "a", 5), batch(1, "a", 5), batch(2, "b", 5)]) shelf.add(each);
  assert.deepEqual([shelf.size, shelf.oldestSegment], [3, 7]);
  const next = (maxBytes: number, ...except: string[]): number[] =>
    shelf.next(maxBytes, new Set(except)).map(({ id }) => id);
  assert.deepEqual(next(4), [1]);
  assert.deepEqual(next(9), [1]);
  assert.deepEqual(next(10), [1, 2]);
  assert.deepEqual(next(15), [1, 2, 3]);
  assert.deepEqual(next(15, "a"), [2]);
  assert.deepEqual(next(15, "a", "b"), []);
  assert.equal(shelf.miss(1), true);
  assert.equal(shelf.miss(9), false);
  assert.deepEqual(next(15), [2, 3]);
  assert.deepEqual([shelf.take(3), shelf.take(3)], [true, false]);
  assert.deepEqual([shelf.size, shelf.oldestSegment], [2, 8]);
  assert.equal(shelf.clear(), 2);
  shelf.add(batch(1, "a", 5));
  assert.deepEqual(next(15), [1], "what was missed is forgotten too");
});
