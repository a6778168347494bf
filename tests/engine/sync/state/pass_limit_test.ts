import assert from "node:assert/strict";
import { test } from "node:test";
import { PassLimit } from "../../../../src/engine/sync/state/pass_limit.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";

const NEVER = new AbortController().signal;

/** Work that ends when its signal aborts only, and how. */
function endlessWork(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** After how many milliseconds a pass ends that earned `earned` at once, and earns `later` in its course. */
async function endMs(
  earned: readonly number[],
  later: { readonly atMs: number; readonly bytes: number } | undefined = undefined,
): Promise<number> {
  const clock = virtualClock();
  const startUs = clock.elapsedUs();
  const limit = new PassLimit("peer", clock);
  for (const bytes of earned) limit.earn(bytes);
  let endUs = 0;
  const pass = limit.run(NEVER, endlessWork).catch((error) => {
    endUs = clock.elapsedUs();
    assert.equal(error.code, "CONNECTION_LOST");
    assert.match(error.message, /"peer"/);
  });
  if (later !== undefined) {
    await clock.advance(later.atMs);
    limit.earn(later.bytes);
  }
  await clock.run(pass);
  return (endUs - startUs) / 1_000;
}

test("PassLimit ends a pass after five minutes and the time that its answers are worth", async () => {
  assert.equal(await endMs([]), 300_000);
  assert.equal(await endMs([0]), 300_500);
  assert.equal(await endMs([0, 0, 0]), 301_500);
  assert.equal(await endMs([16 * 1_024]), 301_500);
  assert.equal(await endMs([160 * 1_024, 16 * 1_024]), 312_000);
  assert.equal(await endMs([], { atMs: 299_999, bytes: 32 * 1_024 }), 302_500);
});

test("PassLimit.run gives what the work gives, and leaves nothing that waits", async () => {
  const clock = virtualClock();
  const limit = new PassLimit("peer", clock);
  assert.equal(await limit.run(NEVER, () => Promise.resolve("done")), "done");
  assert.equal(clock.sleeperCount, 0);
  await assert.rejects(limit.run(NEVER, () => Promise.reject(new TypeError("wrong"))), TypeError);
  assert.equal(clock.sleeperCount, 0);
});

test("PassLimit.run aborts the work with the caller's reason, also with one given before", async () => {
  const clock = virtualClock();
  const caller = new AbortController();
  const pass = new PassLimit("peer", clock).run(caller.signal, endlessWork);
  caller.abort(new Error("the end"));
  await assert.rejects(pass, /the end/);
  await assert.rejects(new PassLimit("peer", clock).run(caller.signal, endlessWork), /the end/);
  assert.equal(clock.sleeperCount, 0);
});
