import assert from "node:assert/strict";
import { test } from "node:test";
import { FailedFiles } from "../../../../src/engine/sync/state/failed_files.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";

test("FailedFiles has a file wait from half a minute up to ten, twice as long each time", async () => {
  const clock = virtualClock();
  const failed = new FailedFiles(clock);
  assert.ok(!failed.isWaiting("a"));
  for (const seconds of [30, 60, 120, 240, 480, 600, 600]) {
    failed.add("a");
    assert.equal(failed.count, 1);
    await clock.advance(seconds * 1_000 - 1);
    assert.ok(failed.isWaiting("a"), `after ${seconds} s`);
    assert.ok(!failed.isWaiting("b"));
    await clock.advance(1);
    assert.ok(!failed.isWaiting("a"), `after ${seconds} s`);
  }
  failed.delete("a");
  assert.equal(failed.count, 0);
  failed.add("a");
  await clock.advance(30_000);
  assert.ok(!failed.isWaiting("a"), "it begins anew");
});

test("FailedFiles remembers the last ten thousand", () => {
  const failed = new FailedFiles(virtualClock());
  for (let i = 0; i < 10_000; i++) failed.add(`${i}`);
  assert.deepEqual([failed.count, failed.isWaiting("0")], [10_000, true]);
  failed.add("0"); // It was there, so no other is forgotten for it.
  assert.deepEqual([failed.count, failed.isWaiting("1")], [10_000, true]);
  failed.add("new"); // Of 0 and 1 it was asked just now.
  const waiting = ["0", "1", "2", "new"].map((key) => failed.isWaiting(key));
  assert.deepEqual([failed.count, ...waiting], [10_000, true, true, false, true]);
});
