import assert from "node:assert/strict";
import { test } from "node:test";
import { settleOneOf } from "../../bench/settle_one.ts";

test("Settler touches a minute that changed and those beside it, however many there are", async () => {
  const small = await settleOneOf(50);
  assert.deepEqual(small, {
    list: 8, // redactions; five minutes; the changed one, before and after deleting
    get: 6, // five minutes' batches, and the new one
    put: 2, // the merged batch, and once more before anything is deleted
    delete: 2,
    minutes: 5,
    written: 1,
    deleted: 2,
  });
  assert.deepEqual(await settleOneOf(2_000), small);
});
