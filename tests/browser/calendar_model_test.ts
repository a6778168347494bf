import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { readNodeHour } from "../../src/adapters/browser/node/json/hours_json.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../src/core/time.ts";
import { calendarYear } from "../../src/web/calendar/calendar_model.ts";
import { formatMissing } from "../../src/web/calendar/format_missing.ts";
import { hoursByYear, yearAt, yearSpan } from "../../src/web/calendar/year_span.ts";
import type { HourFigures } from "../../src/web/reading/chat_archive.ts";
import type { MinuteSummary } from "../../src/web/reading/minute_summary.ts";
import { gapNeighbours } from "../../src/web/timeline/gap_neighbours.ts";

const us = (iso: string): Micros => Date.parse(iso) * 1000;

function figures(
  ...hours: readonly [iso: string, messages: number | undefined, listenedS: number | undefined][]
): Map<Micros, HourFigures> {
  return new Map(hours.map(([iso, messages, listenedS]) => {
    const hourUs = us(`${iso}:00Z`);
    return [hourUs, { hourUs, messages, listenedS }];
  }));
}

function model(hours: Map<Micros, HourFigures>) {
  const sorted = [...hours.keys()].sort((a, b) => a - b);
  const recorded = { fromUs: sorted[0]!, untilUs: sorted.at(-1)! + HOUR_US };
  return calendarYear(hours, { year: yearSpan(2026, "utc"), recorded, zone: "utc" });
}

test("calendarYear joins hours that lack a recorder, and says what they likely missed", () => {
  const { days, gaps } = model(figures(
    ["2026-08-01T10:00", 100, 600],
    ["2026-08-01T11:00", 3_600, 3_600],
    ["2026-08-01T12:00", 1_800, 1_800],
    ["2026-08-01T14:00", 3_600, 3_600],
    ["2026-08-01T15:00", 5, 100],
  ));
  assert.equal(days.length, 365);
  assert.deepEqual(gaps, [{
    fromUs: us("2026-08-01T12:00Z"),
    untilUs: us("2026-08-01T14:00Z"),
    missingS: 5_400,
    likelyMissed: 5_400, // A message a second in the hours beside it.
  }]);
  const day = days.find(({ fromUs }) => fromUs === us("2026-08-01T00:00Z"))!;
  assert.equal(day.messages, 9_105);
  assert.equal(day.missingS, 5_400);
  assert.ok(day.isRecorded);
  assert.equal(days.filter(({ isRecorded }) => isRecorded).length, 1);
});

test("calendarYear calls nothing a gap where no recorder left coverage", () => {
  const { days, gaps } = model(
    figures(["2026-08-01T10:00", undefined, undefined], ["2026-08-09T10:00", 5, undefined]),
  );
  assert.deepEqual(gaps, []);
  assert.deepEqual(
    days.filter(({ isRecorded }) => isRecorded).map(({ isUncounted }) => isUncounted),
    [true, false],
  );
});

test("calendarYear counts days of 23 and 25 hours whole, each hour once", () => {
  const before = process.env["TZ"];
  process.env["TZ"] = "Europe/Berlin";
  try {
    if (new Date(2026, 2, 29, 12).getTimezoneOffset() !== -120) return; // The runtime keeps its zone.
    const hours = new Map<Micros, HourFigures>();
    const year = yearSpan(2026, "local");
    for (let at = year.fromUs; at < year.untilUs; at += HOUR_US) {
      hours.set(at, { hourUs: at, messages: 1, listenedS: 3_600 });
    }
    const { days } = calendarYear(hours, { year, recorded: year, zone: "local" });
    const lengths = days.map(({ messages }) => messages);
    assert.equal(lengths.length, 365);
    assert.deepEqual(lengths.filter((length) => length !== 24), [23, 25]);
    assert.equal(lengths.reduce((sum, length) => sum + length), 8_760);
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
});

test("hoursByYear lists every year from the first to the last", () => {
  const hours = ["2023-12-31T23:00Z", "2024-01-01T00:00Z", "2026-05-01T00:00Z"].map(us);
  assert.deepEqual(hoursByYear(hours, "utc"), [[2023, 1], [2024, 1], [2025, 0], [2026, 1]]);
  assert.deepEqual(hoursByYear([], "utc"), []);
  assert.equal(yearAt(us("2023-12-31T23:59Z"), "utc"), 2023);
});

test("readNodeHour believes no node", () => {
  const good = { hour: "2026-08-01T12", messages: 5, listened_seconds: 4_000 };
  const hourUs = us("2026-08-01T12:00Z");
  assert.deepEqual(readNodeHour(good), { hourUs, messages: 5, listenedS: 3_600 });
  for (const messages of [-1, 1.5, "5", null, NaN, 1e300]) {
    assert.equal(readNodeHour({ ...good, messages })?.messages, undefined, `${messages}`);
  }
  for (const hour of [null, 5, "2026", "2026-08-01T12:00", {}]) {
    assert.equal(readNodeHour({ ...good, hour }), undefined);
  }
  assert.equal(readNodeHour(null), undefined);
});

test("formatMissing uses the unit that matters", () => {
  assert.deepEqual([1, 119, 1_200, 7_300, 200_000].map(formatMissing), [
    "1 second",
    "119 seconds",
    "20 minutes",
    "2 hours",
    "2 days",
  ]);
});

test("gapNeighbours names who heard chat before and after, and how much was likely missed", () => {
  const start = us("2026-08-01T12:00Z");
  const minute = (count: number, ...names: string[]): MinuteSummary => ({
    minuteUs: 0,
    count,
    byReceivers: [],
    receivers: names.map((name) => [name, count]),
    clears: [],
  });
  const said = new Map([[-1, minute(8, "b", "a")], [-2, minute(12, "c")], [5, minute(10, "d")]]);
  const place = (at: Micros): number => (at - start) / MINUTE_US;
  const known = {
    minute: (at: Micros) => said.get(place(at)),
    isKnown: (at: Micros) => [-1, -2, 5].includes(place(at)),
  };
  assert.deepEqual(gapNeighbours(known, { fromUs: start, untilUs: start + 5 * MINUTE_US }), {
    before: ["a", "b"],
    after: ["d"],
    likelyMissed: 50,
  });
  const none = { minute: () => undefined, isKnown: () => false };
  assert.deepEqual(gapNeighbours(none, { fromUs: start, untilUs: start + MINUTE_US }), {
    before: [],
    after: [],
    likelyMissed: undefined,
  });
});

test("calendarYear says nothing of the time before the first coverage, and all of it after", () => {
  const hours = figures(
    ["2025-11-01T10:00", 5, undefined],
    ["2025-12-31T10:00", 5, 3_600],
    ["2026-01-02T00:00", 5, 3_600],
    ["2026-01-02T01:00", 5, 3_600],
  );
  const { gaps } = model(hours);
  assert.deepEqual(gaps.map(({ missingS }) => missingS), [86_400]);
  hours.delete(us("2025-12-31T10:00Z"));
  assert.deepEqual(model(hours).gaps, []);
});
