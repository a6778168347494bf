import assert from "node:assert/strict";
import { test } from "node:test";
import { type Micros, SECOND_US } from "../../../src/core/time.ts";
import { type PlacedLine, SteadyTimes } from "../../../src/engine/record/steady_times.ts";

const START_US = 1_785_587_640 * SECOND_US;

interface CapturedLine {
  readonly receivedUs: Micros | undefined;
  readonly sentUs: Micros | undefined;
}

const received = (seconds: number): CapturedLine => ({
  receivedUs: START_US + seconds * SECOND_US,
  sentUs: undefined,
});
const sent = (seconds: number): CapturedLine => ({
  receivedUs: undefined,
  sentUs: START_US + seconds * SECOND_US,
});
const UNTIMED: CapturedLine = { receivedUs: undefined, sentUs: undefined };

/** Where lines are placed: the second, and the seconds between which they came if that is all. */
function placesOf(lines: readonly CapturedLine[]): unknown[] {
  const times = new SteadyTimes<CapturedLine>();
  const placed: PlacedLine<CapturedLine>[] = [];
  for (const line of lines) placed.push(...times.push(line));
  placed.push(...times.end());
  assert.deepEqual(placed.map(({ line }) => line), lines, "each line once, in order");
  const second = (us: Micros | undefined) => us === undefined ? undefined : (us - START_US) / 1e6;
  return placed.map(({ atUs, between }) =>
    between === undefined
      ? second(atUs)
      : [second(atUs), second(between.afterUs), second(between.beforeUs)]
  );
}

test("SteadyTimes places a line by its own time, or between those of its neighbours", () => {
  assert.deepEqual(placesOf([received(0), UNTIMED, received(8), UNTIMED]), [
    0,
    [0, -10, 13],
    8,
    [8, -2, undefined],
  ]);
  assert.deepEqual(placesOf([sent(0), UNTIMED, sent(8), UNTIMED]), [
    [0, undefined, 0],
    [0, 0, 8],
    [8, 0, 8],
    [8, 8, undefined],
  ]);
  assert.deepEqual(placesOf([UNTIMED, received(5)]), [[5, undefined, 10], 5]);
});

test("SteadyTimes believes a sent time that is a minute from the received one at most", () => {
  for (const [offS, bounds] of [[60, [0, 60, 60]], [60.000001, [0, -10, 5]]] as const) {
    const line = { ...received(0), sentUs: START_US + offS * SECOND_US };
    const [, untimed] = placesOf([line, UNTIMED, received(100)]);
    assert.equal((untimed as number[])[1], bounds[1]);
  }
});

test("SteadyTimes goes a minute back and an hour ahead without a witness, and no further", () => {
  const place = (seconds: number): unknown =>
    placesOf([received(0), received(1), received(seconds)])[2];
  for (const seconds of [-59, 3_601]) assert.equal(place(seconds), seconds);
  for (const seconds of [-59.000001, 3_601.000001]) {
    assert.ok(Array.isArray(place(seconds)), `${seconds} counts for nothing`);
  }
});

test("SteadyTimes follows a leap that most of the next three confirm", () => {
  const leap = 100_000;
  const place = (...next: number[]): unknown =>
    placesOf([0, 1, 2, 3, leap, ...next].map(received))[4];
  assert.equal(place(leap + 1, leap + 2, 1, 2), leap);
  assert.equal(place(leap + 3_600, leap - 3_600, 1, 2), leap);
  assert.ok(Array.isArray(place(leap + 1, 1, 2, 3)));
  assert.ok(Array.isArray(place(leap + 3_601, leap + 1, 1, 2)));
  assert.ok(Array.isArray(place()), "none is left to confirm it");
  assert.equal(place(leap + 1), leap);
});
