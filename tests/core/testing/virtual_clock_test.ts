import assert from "node:assert/strict";
import { test } from "node:test";
import { clockSuite } from "../../../src/testing/suites/clock_suite.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

clockSuite({
  test,
  open: () => {
    const clock = virtualClock();
    return { clock, advance: (ms) => clock.advance(ms) };
  },
});

test("VirtualClock shows the moment of waking to who wakes", async () => {
  const clock = virtualClock({ startUs: 1_000_000 });
  const startUs = clock.elapsedUs();
  const seen: number[] = [];
  async function ticker(everyMs: number): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(everyMs);
      seen.push((clock.elapsedUs() - startUs) / 1000);
    }
  }
  const tickers = [ticker(10), ticker(15)];
  await clock.advance(1_000);
  await Promise.all(tickers);
  // Of those of one instant the one that fell asleep first comes first.
  assert.deepEqual(seen, [10, 15, 20, 30, 30, 45]);
  assert.equal(clock.wallUs(), 2_000_000);
  assert.equal(clock.sleeperCount, 0);
});

test("VirtualClock.stepWall moves the wall clock of one machine and wakes no sleeper", async () => {
  const clock = virtualClock({ startUs: 5_000_000 });
  const other = clock.host(-2_000_000);
  let isAwake = false;
  other.sleep(100).then(() => isAwake = true);
  other.stepWall(60_000_000);
  clock.stepWall(-1_000_000);
  await clock.advance(99);
  assert.equal(clock.wallUs(), 4_099_000);
  assert.equal(other.wallUs(), 62_099_000);
  assert.equal(other.elapsedUs(), clock.elapsedUs());
  assert.equal(isAwake, false);
  await clock.advance(1);
  assert.equal(isAwake, true);
});

test("VirtualClock.run jumps from sleeper to sleeper and gives back what the work gave", async () => {
  const clock = virtualClock();
  const startUs = clock.elapsedUs();
  const answer = await clock.run((async () => {
    await clock.sleep(3_600_000);
    return 42;
  })());
  assert.equal(answer, 42);
  assert.equal(clock.elapsedUs() - startUs, 3_600_000_000);
  await assert.rejects(clock.run(clock.sleep(1).then(() => Promise.reject(new Error("no")))), /no/);
  await assert.rejects(clock.run(clock.sleep(2_000), { limitMs: 1_000 }), RangeError);
});

test("VirtualClock.run waits for work that goes on outside of time", async () => {
  const clock = virtualClock();
  const work = new Promise((resolve) => setTimeout(resolve, 20)).then(() => clock.sleep(50));
  await clock.run(work);
  assert.equal(clock.sleeperCount, 0);
});

test("VirtualClock.run says so when nothing can happen any more", async () => {
  const clock = virtualClock();
  await assert.rejects(clock.run(new Promise(() => {}), { patienceMs: 20 }), /no task sleeps/);
});

test("VirtualClock.runUntilIdle tells how long it took, and who never ends", async () => {
  const clock = virtualClock();
  clock.sleep(500);
  clock.sleep(1_500);
  assert.equal(await clock.runUntilIdle(), 1_500);
  const forEver = async (): Promise<void> => {
    for (;;) await clock.sleep(10_000);
  };
  void forEver();
  await assert.rejects(clock.runUntilIdle({ limitMs: 60_000 }), RangeError);
});

test("VirtualClock is moved from one place at a time", async () => {
  const clock = virtualClock();
  const first = clock.advance(10);
  await assert.rejects(clock.advance(10), TypeError);
  await first;
});

test("VirtualClock refuses to sleep less than no time", async () => {
  const clock = virtualClock();
  for (const delayMs of [-1, Number.NaN]) await assert.rejects(clock.sleep(delayMs), RangeError);
  assert.equal(clock.sleeperCount, 0);
});
