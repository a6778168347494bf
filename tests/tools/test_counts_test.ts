import assert from "node:assert/strict";
import { test } from "node:test";
import { countTests, formatCounts } from "../../tools/test_counts.ts";

test("countTests adds up what runners say", () => {
  const output =
    "a ... ok (1ms)\n\u001b[32mok\u001b[0m | 4 passed (2 steps) | 0 failed | 1 ignored (14ms)\n" +
    "  browser: 9 passed, 1 failed, 2 skipped\nnode: 100 passed, 0 failed, 0 skipped\n" +
    "FAILED | 8 passed | 3 failed (1 step) | 2 filtered out (19ms)\n";
  assert.deepEqual(countTests(output), { passed: 121, failed: 4, skipped: 3 });
});

test("countTests takes a run that says nothing for a failure", () => {
  assert.deepEqual(countTests("node: 3 passed, 0 failed, 0 skipped\nKilled\n"), {
    passed: 3,
    failed: 1,
    skipped: 0,
  });
});

test("formatCounts leaves out what did not happen", () => {
  assert.equal(formatCounts({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(formatCounts({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});
