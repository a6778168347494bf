import assert from "node:assert/strict";
import { test } from "node:test";
import { HeavyReads } from "../../../src/engine/api/chat/heavy_reads.ts";
import { WorkBreaks } from "../../../src/engine/read/work_breaks.ts";
import { entityTag, holdsTag } from "../../../src/engine/api/route/api_response.ts";
import { parseInstant } from "../../../src/engine/api/route/parse_instant.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { type Deferred, deferred } from "../deferred.ts";

/** Lets promises that can settle do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("WorkBreaks is due after five milliseconds, looking at the clock at each 64th step", async () => {
  let [nowUs, looks, sleeps] = [0, 0, 0];
  const clock: Clock = {
    wallUs: () => 0,
    elapsedUs: () => (looks++, nowUs),
    sleep: () => (sleeps++, Promise.resolve()),
  };
  const breaks = new WorkBreaks(clock);
  const steps = (count: number): boolean[] => Array.from({ length: count }, () => breaks.isDue);
  looks = 0;
  assert.ok(!steps(64).includes(true));
  assert.equal(looks, 1);
  nowUs = 4_999;
  assert.ok(!steps(64).includes(true));
  nowUs = 5_000;
  assert.deepEqual(steps(64), [...Array(63).fill(false), true]);
  await breaks.rest();
  assert.equal(sleeps, 1);
  await breaks.rest();
  assert.equal(sleeps, 1, "the stretch has just begun");
  nowUs = 9_999;
  await breaks.rest();
  assert.equal(sleeps, 1);
  breaks.begin();
  nowUs = 14_998;
  await breaks.rest();
  assert.equal(sleeps, 1);
  nowUs = 14_999;
  await breaks.rest();
  assert.equal(sleeps, 2);
});

test("HeavyReads runs two at a time, and lets the others in as they came, also past a failure", async () => {
  const reads = new HeavyReads();
  const begun: number[] = [];
  const ends: Deferred<void>[] = [];
  const runs = Array.from({ length: 4 }, (_, i) => {
    ends.push(deferred<void>());
    return reads.run(async () => {
      begun.push(i);
      await ends[i]!.promise;
      return i;
    });
  });
  await settle();
  assert.deepEqual(begun, [0, 1]);
  ends[1]!.reject(new RangeError("one"));
  await assert.rejects(runs[1]!, /one/);
  await settle();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const end of ends) end.resolve();
  assert.deepEqual([await runs[0], await runs[2], await runs[3]], [0, 2, 3]);
  const again = [1, 2].map((i) => reads.run(() => Promise.resolve(i)));
  assert.deepEqual(await Promise.all(again), [1, 2], "all places are free again");
});

test("HeavyReads keeps four readings open, and closes the one that was not used longest", () => {
  const reads = new HeavyReads();
  const closed: number[] = [];
  const readings = Array.from({ length: 7 }, (_, i) => ({ close: () => void closed.push(i) }));
  for (const i of [0, 1, 2, 3]) reads.keepOpen(readings[i]!);
  reads.keepOpen(readings[0]!);
  assert.deepEqual(closed, []);
  reads.keepOpen(readings[4]!);
  assert.deepEqual(closed, [1]);
  reads.forget(readings[2]!);
  reads.keepOpen(readings[5]!);
  assert.deepEqual(closed, [1]);
  reads.keepOpen(readings[6]!);
  assert.deepEqual(closed, [1, 3]);
});

test("holdsTag finds a tag among those that a caller holds, weak or strong", () => {
  const tag = entityTag("x");
  assert.equal(tag, `W/"x"`);
  const holds = (held?: string): boolean =>
    holdsTag(
      new Request("http://h/", held === undefined ? {} : { headers: { "if-none-match": held } }),
      tag,
    );
  assert.deepEqual(
    [undefined, `"x"`, `W/"x"`, `"y", W/"x"`, "*", `"y"`, "x", ""].map((held) => holds(held)),
    [false, true, true, true, true, false, false, false],
  );
});

test("parseInstant reads a time to the microsecond, a day, or seconds", () => {
  const dayUs = Date.UTC(2026, 7, 1) * 1_000;
  for (
    const [text, us] of [
      ["0", 0],
      ["0.0", 0],
      ["20260801", dayUs],
      ["2026-08-01", dayUs],
      ["2026-08-01T01", dayUs + 3_600e6],
      ["2026-08-01 0102", dayUs + 3_720e6],
      ["2026-08-01T01:02:03Z", dayUs + 3_723e6],
      ["2026-08-01T01:02:03.5", dayUs + 3_723.5e6],
      ["2026-08-01T01:02:03,1234567+00:00", dayUs + 3_723_123_456],
      ["2026-08-01T01:02:03 0000", dayUs + 3_723e6],
      ["999999999", 999_999_999e6],
      ["1785587645.5", 1_785_587_645.5e6],
      ["1785587645.1234567", 1_785_587_645_123_456],
    ] as const
  ) assert.deepEqual(parseInstant(text), { ok: true, us }, text);
});

test("parseInstant says what is wrong with a time", () => {
  const number = "a number must be a day as 20260801, or seconds since 1970 (9 or 10 digits)";
  const calendar = "it is no day or time of the calendar";
  for (
    const [text, reason] of [
      ["2026", number],
      ["-1", number],
      ["+1", number],
      ["99999999999", number],
      ["1785587645000", "it looks like milliseconds, and numbers are seconds since 1970"],
      ["1785587645000000.5", "it looks like microseconds, and numbers are seconds since 1970"],
      ["-1785587645000000000", "it looks like nanoseconds, and numbers are seconds since 1970"],
      ["20260230", calendar],
      ["2026-08-01T24", calendar],
      ["2026-08-01T12:60", calendar],
      ["1969-12-31", "it is before 1970 or after 9999"],
      ["9999999999", "it is before 1970 or after 9999"],
    ] as const
  ) assert.deepEqual(parseInstant(text), { ok: false, reason }, text);
  for (const text of ["", "now", "2026-08-01T12:00+01:00", "2026-8-1", "2026-08-01T1"]) {
    const parsed = parseInstant(text);
    assert.ok(!parsed.ok && parsed.reason.startsWith("it must look like"), text);
  }
});
