import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FetchesInFlight,
  type FetchOutcome,
} from "../../../../src/engine/sync/state/fetches_in_flight.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";
import { deferred } from "../../deferred.ts";

const NEVER = new AbortController().signal;
const KEY = "forsen/chat/2026-08-01T12/34:00-x.json";

/** Work that a test ends, and counts. */
function workOf() {
  const { promise, resolve, reject } = deferred<FetchOutcome>();
  const work = { starts: 0, end: resolve, fail: reject, run: () => (work.starts++, promise) };
  return work;
}

test("FetchesInFlight has a file fetched once, and tells the others that it is stored", async () => {
  const claims = new FetchesInFlight(virtualClock());
  const [first, second] = [workOf(), workOf()];
  const runs = [claims.run(KEY, first.run, NEVER), claims.run(KEY, second.run, NEVER)];
  const other = claims.run("another", () => Promise.resolve("unavailable"), NEVER);
  assert.equal(await other, "unavailable");
  first.end("stored");
  assert.deepEqual(await Promise.all(runs), ["stored", "stored"]);
  assert.deepEqual([first.starts, second.starts], [1, 0]);
});

test("FetchesInFlight lets the next one try where the first did not store the file", async () => {
  for (const outcome of ["failed", "unavailable", "throws"] as const) {
    const claims = new FetchesInFlight(virtualClock());
    const [first, second] = [workOf(), workOf()];
    const run = claims.run(KEY, first.run, NEVER);
    const next = claims.run(KEY, second.run, NEVER);
    if (outcome === "throws") {
      first.fail(new TypeError("broken"));
      await assert.rejects(run, TypeError);
    } else {
      first.end(outcome);
      assert.equal(await run, outcome);
    }
    second.end("stored");
    assert.equal(await next, "stored");
    assert.equal(second.starts, 1);
  }
});

test("FetchesInFlight waits three seconds for another, counted from when that one began", async () => {
  const clock = virtualClock();
  const claims = new FetchesInFlight(clock);
  const [first, second, third] = [workOf(), workOf(), workOf()];
  void claims.run(KEY, first.run, NEVER);
  await clock.advance(1_000);
  const next = claims.run(KEY, second.run, NEVER);
  await clock.advance(1_999);
  assert.equal(second.starts, 0);
  await clock.advance(1);
  assert.equal(second.starts, 1);
  await clock.advance(3_000);
  // The second has it now, for as long as one waits.
  const last = claims.run(KEY, third.run, NEVER);
  await clock.advance(0);
  assert.equal(third.starts, 1);
  first.end("failed");
  second.end("stored");
  third.end("stored");
  assert.deepEqual(await Promise.all([next, last]), ["stored", "stored"]);
});

test("FetchesInFlight keeps the claim of the one that took over when the first comes to its end", async () => {
  const clock = virtualClock();
  const claims = new FetchesInFlight(clock);
  const [first, second, third] = [workOf(), workOf(), workOf()];
  const run = claims.run(KEY, first.run, NEVER);
  await clock.advance(3_000);
  const next = claims.run(KEY, second.run, NEVER);
  await clock.advance(0);
  first.end("failed");
  assert.equal(await run, "failed");
  const last = claims.run(KEY, third.run, NEVER);
  await clock.advance(0);
  assert.equal(third.starts, 0, "the second is still at it");
  second.end("stored");
  assert.deepEqual(await Promise.all([next, last]), ["stored", "stored"]);
  // All are done: nothing is left to wait for.
  assert.equal(await claims.run(KEY, () => Promise.resolve("failed"), NEVER), "failed");
  assert.equal(clock.sleeperCount, 0);
});

test("FetchesInFlight waits no longer once the caller gives up", async () => {
  const clock = virtualClock();
  const claims = new FetchesInFlight(clock);
  const first = workOf();
  void claims.run(KEY, first.run, NEVER);
  const caller = new AbortController();
  const next = claims.run(KEY, () => Promise.resolve("unavailable"), caller.signal);
  caller.abort();
  assert.equal(await next, "unavailable");
  assert.equal(clock.sleeperCount, 0);
});
