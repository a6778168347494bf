import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyTimes } from "../../src/engine/record/steady_times.ts";
import { SECOND_US } from "../../src/core/time.ts";

const BASE_S = 1_785_587_640;

/** Each line as `[placed at, after, before]`, in seconds from the base; a number is a timestamp. */
function place(times: readonly (number | undefined)[]): (number | undefined)[][] {
  const steady = new SteadyTimes<
    { receivedUs: undefined; sentUs: number | undefined; i: number }
  >();
  const lines = times.map((s, i) => ({
    receivedUs: undefined,
    sentUs: s === undefined ? undefined : (BASE_S + s) * SECOND_US,
    i,
  }));
  const placed = [...lines.flatMap((line) => steady.push(line)), ...steady.end()];
  assert.deepEqual(placed.map(({ line }) => line.i), lines.map(({ i }) => i), "in order");
  const toS = (us: number | undefined) => us === undefined ? undefined : us / SECOND_US - BASE_S;
  return placed.map(({ atUs, between }) => [
    toS(atUs),
    toS(between?.afterUs),
    toS(between?.beforeUs),
  ]);
}

test("SteadyTimes puts a line between the timestamps around it", () => {
  assert.deepEqual(place([undefined, 0, undefined, 20, undefined]), [
    [0, undefined, 0],
    [0, undefined, 0],
    [0, 0, 20],
    [20, 0, 20],
    [20, 20, undefined],
  ]);
});

test("SteadyTimes passes a wild timestamp, first, last or in between", () => {
  for (const wild of [-BASE_S, -4e7, 4e7]) {
    assert.deepEqual(place([0, wild, undefined, 5, 6, 7])[2], [0, 0, 5]);
    assert.deepEqual(place([wild, undefined, 5, 6, 7])[1], [5, undefined, 5]);
    assert.deepEqual(place([0, 1, undefined, wild])[2], [1, 1, undefined]);
  }
});

test("SteadyTimes follows a leap that later timestamps confirm", () => {
  const day = 86_400;
  assert.deepEqual(place([0, 1, undefined, day, day + 1, day + 2])[2], [1, 1, day]);
  const back = [day, day + 1, undefined, 0, undefined, 1, 2];
  assert.deepEqual(place(back)[2], [day + 1, day + 1, undefined]);
  assert.deepEqual(place(back)[4], [0, 0, 1]);
});

test("SteadyTimes gives up waiting for a timestamp, so that what waits is bounded", () => {
  const steady = new SteadyTimes<{ receivedUs: undefined; sentUs: undefined }>();
  let placed = 0;
  for (let i = 0; i < 25_000; i++) {
    placed += steady.push({ receivedUs: undefined, sentUs: undefined }).length;
  }
  assert.equal(placed, 20_000);
});
