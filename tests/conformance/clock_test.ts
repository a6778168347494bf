import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../src/adapters/system/system_random.ts";
import { clockSuite } from "../../src/testing/mod.ts";
import { virtualClock } from "../../src/testing/time/virtual_clock.ts";

clockSuite({
  test: (name, body) => test(`systemClock: ${name}`, body),
  open: () => ({ clock: systemClock() }),
});

clockSuite({
  test: (name, body) => test(`virtualClock: ${name}`, body),
  open: () => {
    const clock = virtualClock();
    return { clock, advance: (byMs) => clock.advance(byMs) };
  },
});

test("systemClock shows the machine's time to the millisecond, and finer", () => {
  const clock = systemClock();
  const fractions = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const before = Date.now();
    const wallMs = clock.wallUs() / 1000;
    assert.ok(wallMs >= before && wallMs < Date.now() + 1, `${before}, ${wallMs}, ${Date.now()}`);
    fractions.add(wallMs % 1);
  }
  assert.ok(fractions.size > 1, "only whole milliseconds");
});

test("systemClock follows the machine's clock when it is set, back and forth", (t) => {
  const clock = systemClock();
  const now = Date.now.bind(Date);
  for (const stepMs of [3_600_000, -7_200_000, 5, -5]) {
    t.mock.method(Date, "now", () => now() + stepMs);
    const before = Date.now();
    const wallMs = clock.wallUs() / 1000;
    assert.ok(wallMs >= before && wallMs < Date.now() + 1, `stepped by ${stepMs} ms`);
    t.mock.restoreAll();
  }
});

test("systemClock refuses to sleep for what is no time", async () => {
  for (const delayMs of [-1, NaN]) await assert.rejects(systemClock().sleep(delayMs), RangeError);
});

test("systemClock sleeps longer than a timer can count", async () => {
  const aborter = new AbortController();
  let isAwake = false;
  const sleep = systemClock().sleep(2 ** 31 + 5, aborter.signal).then(() => isAwake = true);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(isAwake, false);
  aborter.abort("enough");
  await assert.rejects(sleep, (reason) => reason === "enough");
});

test("systemRandom is spread over [0, 1)", () => {
  const random = systemRandom();
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const number = random.next();
    assert.ok(number >= 0 && number < 1);
    tenths[Math.floor(number * 10)]!++;
  }
  // Each is 1,000 give or take 30; this far out happens once in 10^20 runs.
  for (const count of tenths) assert.ok(count > 700 && count < 1300, tenths.join(" "));
});
