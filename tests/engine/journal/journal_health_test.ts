import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { JournalHealth, type JournalTrouble } from "../../../src/engine/journal/journal_health.ts";

function world() {
  const told: string[] = [];
  let errors = 0;
  const health = new JournalHealth({
    report: (severity, message) => void told.push(`${severity} ${message.slice(0, 40)}`),
    count: () => void errors++,
  });
  const fail = (trouble: JournalTrouble): void =>
    health.failed(trouble, new ChatloomError("STORE_FULL", "Cannot"));
  return { health, fail, told, errors: () => errors };
}

const FLUSH = "error The journal cannot be flushed: a power c";
const WRITE = "error The journal cannot be written: lines are";
const GONE = "error The journal was lost and cannot be renew";
const WELL = "info The journal can be written again";

test("JournalHealth tells of what is worse, and counts all", () => {
  const { fail, told, errors } = world();
  for (const trouble of ["flushed", "flushed", "written", "flushed", "written"] as const) {
    fail(trouble);
  }
  assert.deepEqual(told, [FLUSH, WRITE]);
  fail("renewed");
  fail("written");
  assert.deepEqual(told, [FLUSH, WRITE, GONE]);
  assert.equal(errors(), 7);
});

test("JournalHealth takes three successes in a row for an end of the trouble", () => {
  const { health, fail, told } = world();
  for (let i = 0; i < 3; i++) health.worked();
  assert.deepEqual(told, []);
  fail("written");
  health.worked();
  health.worked();
  fail("written"); // It counts anew.
  health.worked();
  health.worked();
  assert.deepEqual(told, [WRITE]);
  health.worked();
  assert.deepEqual(told, [WRITE, WELL]);
  fail("flushed");
  assert.deepEqual(told, [WRITE, WELL, FLUSH]);
  health.worked();
  health.worked();
  assert.equal(told.length, 3);
});

test("JournalHealth.end tells what worked last", () => {
  const mended = world();
  mended.fail("flushed");
  mended.health.worked();
  mended.health.end();
  mended.health.end();
  assert.deepEqual(mended.told, [FLUSH, WELL]);
  const broken = world();
  broken.fail("flushed");
  broken.health.end();
  assert.deepEqual(broken.told, [FLUSH]);
  const well = world();
  well.health.worked();
  well.health.end();
  assert.deepEqual(well.told, []);
});
