import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../../src/ports/clock.ts";
import { Schedule } from "../../../src/testing/simulated_twitch/schedule.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

test("Schedule does everything at its time, in order, on Twitch's clock", async () => {
  const clock = virtualClock();
  const { signal } = new AbortController();
  const schedule = new Schedule({ clock, startUs: 1_000_000, quantumMs: 0, signal });
  const done: string[] = [];
  const note = (what: string) => () => void done.push(`${what} ${schedule.nowUs()}`);
  schedule.at(1_000_500, note("late"));
  schedule.after(0.2, note("early"));
  schedule.at(1_000_500, note("later"));
  schedule.at(900_000, () => {
    note("overdue")();
    schedule.at(900_000, note("at once"));
  });
  assert.deepEqual(done, [], "never before the caller is done");
  clock.stepWall(-5_000_000);
  await clock.advance(1);
  assert.deepEqual(done, [
    "overdue 1000000",
    "at once 1000000",
    "early 1000200",
    "late 1000500",
    "later 1000500",
  ]);
});

test("Schedule waits for the next quantum", async () => {
  const clock = virtualClock();
  const { signal } = new AbortController();
  const schedule = new Schedule({ clock, startUs: 0, quantumMs: 5, signal });
  const doneUs: number[] = [];
  for (const ms of [1, 4, 5, 5.001]) schedule.after(ms, () => doneUs.push(schedule.nowUs()));
  assert.equal(clock.sleeperCount, 1);
  await clock.advance(20);
  assert.deepEqual(doneUs, [5_000, 5_000, 5_000, 10_000]);
});

test("Schedule does nothing more once its signal has aborted", async () => {
  const clock = virtualClock();
  const over = new AbortController();
  const schedule = new Schedule({ clock, startUs: 0, quantumMs: 0, signal: over.signal });
  schedule.after(1, () => over.abort());
  schedule.after(1, () => assert.fail("over"));
  await clock.advance(5);
  schedule.after(1, () => assert.fail("over"));
  await clock.advance(5);
  assert.equal(clock.sleeperCount, 0);
});

test("Schedule that cannot keep up gives others their turn, and sets one timer at a time", async () => {
  const inner = virtualClock();
  let [workedUs, sleeping, sleepingMax, sleepCount] = [0, 0, 0, 0];
  const clock: Clock = {
    wallUs: () => inner.wallUs() + workedUs,
    elapsedUs: () => inner.elapsedUs() + workedUs,
    async sleep(delayMs, signal) {
      sleepCount++;
      sleepingMax = Math.max(sleepingMax, ++sleeping);
      await inner.sleep(delayMs, signal);
      sleeping--;
    },
  };
  const { signal } = new AbortController();
  const schedule = new Schedule({ clock, startUs: 0, quantumMs: 0, signal });
  // Every millisecond something happens that takes two.
  let count = 0;
  const happen = (atUs: number): void => {
    count++;
    workedUs += 2_000;
    if (count < 1_000) schedule.at(atUs + 1_000, () => happen(atUs + 1_000));
  };
  schedule.at(0, () => happen(0));
  await inner.advance(10_000);
  assert.equal(count, 1_000);
  assert.equal(sleepingMax, 1);
  assert.ok(sleepCount > 100, `others had ${sleepCount} turns in two seconds`);
});
