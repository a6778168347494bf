import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import {
  MINUTE_US,
  RANGE_MAX_US,
  readRange,
  readStart,
  TIME_END_US,
  toRangeSeconds,
  toSeconds,
} from "../../src/core/time.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "ranges";
const REPLAY = `SIM_SEED=${SEED}`;

/** Ranges anywhere, near 1970 and near the end of time, short and long. */
function* someRanges(count: number) {
  const random = seededRandom(SEED);
  for (let i = 0; i < count; i++) {
    const near = [TIME_END_US, 3 * MINUTE_US, 10_000][i % 3]!;
    const startUs = Math.floor(random.next() * Math.min(near, TIME_END_US - RANGE_MAX_US));
    const lengthUs = intBelow(random, i % 2 === 0 ? RANGE_MAX_US + 1 : 50);
    yield { startUs, endUs: startUs + lengthUs };
  }
}

test("readRange gives back the microseconds that toSeconds and toRangeSeconds wrote", () => {
  for (const range of someRanges(200_000)) {
    const written = { time: toSeconds(range.startUs), time_range: toRangeSeconds(range) };
    assert.deepEqual(readRange(JSON.parse(JSON.stringify(written))), range, REPLAY);
    assert.equal(readStart(written.time), range.startUs, REPLAY);
  }
});

test("(time + time_range) - time is time_range in doubles, from one minute after 1970 on", () => {
  for (const range of someRanges(200_000)) {
    if (range.startUs < MINUTE_US) continue;
    const time = toSeconds(range.startUs);
    const length = toRangeSeconds(range);
    assert.equal(time + length, toSeconds(range.endUs), REPLAY);
    assert.equal((time + length) - time, length, REPLAY);
  }
});

test("readRange reads inward: it claims nothing outside what the doubles say", () => {
  const random = seededRandom(SEED);
  for (let i = 0; i < 200_000; i++) {
    const time = random.next() * 10 ** intBelow(random, 10);
    const time_range = random.next() * 10 ** (intBelow(random, 10) - 8);
    const { startUs, endUs } = readRange({ time, time_range });
    assert.ok(toSeconds(startUs) >= time && toSeconds(startUs - 1) < time, REPLAY);
    const isEmpty = endUs === startUs && toSeconds(startUs) > time + time_range;
    assert.ok(isEmpty || toSeconds(endUs) <= time + time_range, REPLAY);
    assert.ok(toSeconds(endUs + 1) > time + time_range, REPLAY);
  }
});

test("readRange stays inside bounds of what files may say", () => {
  assert.deepEqual(readRange({ time: -0, time_range: -0 }), { startUs: 0, endUs: 0 });
  assert.deepEqual(readRange({ time: 5e-324, time_range: 0 }), { startUs: 1, endUs: 1 });
  assert.deepEqual(readRange({ time: 4e-7, time_range: 1e-7 }), { startUs: 1, endUs: 1 });
  assert.ok(readStart(1e22) >= TIME_END_US);
  assert.ok(readStart(Number.MAX_VALUE) >= TIME_END_US);
});

test("a range of exactly 60 s is valid wherever its doubles round to, a microsecond more is not", () => {
  const random = seededRandom(SEED);
  const message = (time: number, time_range: number) => ({
    command: "JOIN",
    params: ["#c"],
    sender: "s",
    user: "u",
    host: "h",
    tags: null,
    receivers: { r: time },
    time,
    time_range,
  });
  for (let i = 0; i < 2_000; i++) {
    const startUs = Math.floor(random.next() * (TIME_END_US - MINUTE_US));
    const [longest, longer] = [0, 1].map((moreUs) =>
      toRangeSeconds({ startUs, endUs: startUs + RANGE_MAX_US + moreUs })
    );
    const time = toSeconds(startUs);
    assert.ok(encodeBatch([message(time, longest!)]).length > 0, REPLAY);
    assert.throws(() => encodeBatch([message(time, longer!)]), TypeError, REPLAY);
  }
});
