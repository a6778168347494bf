import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerHour } from "../../src/adapters/browser/node/json/compare_json.ts";
import { DAY_US, HOUR_US, type Micros } from "../../src/core/time.ts";
import { comparedDays } from "../../src/web/compare/compared_days.ts";

const MONDAY_US: Micros = Date.UTC(2026, 7, 3) * 1000;
const DAYS = [0, 1, 2, 3, 4].map((day) => ({
  fromUs: MONDAY_US + day * DAY_US,
  untilUs: MONDAY_US + (day + 1) * DAY_US,
  isRecorded: day < 4,
}));

function hour(day: number, at: number, counts: Partial<PeerHour> = {}): PeerHour {
  return {
    hourUs: MONDAY_US + day * DAY_US + at * HOUR_US,
    minutesOnlyHere: 0,
    minutesOnlyThere: 0,
    minutesDiffering: 0,
    messagesOnlyHere: 0,
    messagesOnlyThere: 0,
    uncountedFiles: 0,
    ...counts,
  };
}

const verdictsOf = (hours: readonly PeerHour[], comparedFromUs: Micros): readonly string[] =>
  comparedDays(DAYS, { hours, comparedFromUs, zone: "utc" }).map(({ verdict }) => verdict);

test("comparedDays tells who has more of a day, and different files without a winner", () => {
  const verdicts = verdictsOf([
    hour(4, 1, { minutesDiffering: 3, messagesOnlyThere: 2 }),
    hour(3, 23, { messagesOnlyHere: 1 }),
    hour(3, 0, { messagesOnlyThere: 1 }),
    hour(2, 5, { minutesDiffering: 1 }),
    hour(1, 5, { minutesOnlyHere: 4, messagesOnlyHere: 9 }),
    // Nothing is known of what the file holds.
    hour(0, 5, { minutesOnlyHere: 1, uncountedFiles: 1 }),
  ], MONDAY_US);
  assert.deepEqual(verdicts, ["differs", "here", "differs", "differs", "there"]);
});

test("comparedDays sums the hours of a day", () => {
  const days = comparedDays(DAYS, {
    hours: [
      hour(1, 2, { messagesOnlyHere: 2, minutesOnlyHere: 1 }),
      hour(1, 1, { messagesOnlyHere: 3, messagesOnlyThere: 4, uncountedFiles: 1 }),
    ],
    comparedFromUs: MONDAY_US,
    zone: "utc",
  });
  assert.deepEqual(days[1], {
    verdict: "differs",
    sums: {
      messagesOnlyHere: 5,
      messagesOnlyThere: 4,
      minutesOnlyHere: 1,
      minutesOnlyThere: 0,
      uncountedFiles: 1,
    },
  });
});

test("comparedDays calls a day the same once all its hours are compared, a difference at once", () => {
  assert.deepEqual(verdictsOf([], Infinity), new Array(5).fill("waiting"));
  const inWednesday = MONDAY_US + 2 * DAY_US + 5 * HOUR_US;
  const hours = [hour(2, 7, { messagesOnlyHere: 1 })];
  assert.deepEqual(verdictsOf([], inWednesday), ["waiting", "waiting", "waiting", "same", "empty"]);
  assert.deepEqual(verdictsOf(hours, inWednesday), ["waiting", "waiting", "here", "same", "empty"]);
});
