import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockStateOf,
  ServerClock,
  type TimestampOrigin,
} from "../../../src/core/recording/server_clock.ts";
import { HOUR_US, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";

const NOW_US = 1_785_587_640 * SECOND_US;
const YEAR_2020_US = 1_577_836_800 * SECOND_US;
const LAG_US = 5 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

/** Where a timestamp comes from, by default at the moment zero, on a connection that is new. */
function origin(
  elapsedUs = 0,
  { receivedUs = NOW_US + elapsedUs, unreadUs = 0, last }: {
    readonly receivedUs?: number;
    readonly unreadUs?: number;
    readonly last?: TimestampOrigin["last"];
  } = {},
): TimestampOrigin {
  return { moment: { receivedUs, elapsedUs }, unreadUs, last };
}

/** A clock that believes `sentUs`, at the moment zero. */
function clockAt(sentUs: number, from = origin()): ServerClock {
  const clock = new ServerClock();
  assert.ok(clock.note(sentUs, from));
  return clock;
}

test("ServerClock believes a first timestamp that is a day from the wall clock, and none further", () => {
  for (const [offUs, isBelieved] of [[DAY_US, true], [DAY_US + 1, false]] as const) {
    for (const sentUs of [NOW_US - offUs, NOW_US + offUs]) {
      const clock = new ServerClock();
      assert.equal(clock.last, undefined);
      assert.equal(clock.note(sentUs, origin(7, { receivedUs: NOW_US })), isBelieved);
      assert.deepEqual(clock.last, isBelieved ? { sentUs, elapsedUs: 7 } : undefined);
    }
  }
});

test("ServerClock does not ask a wall clock that was never set", () => {
  const first = (sentUs: number, receivedUs: number): boolean =>
    new ServerClock().note(sentUs, origin(0, { receivedUs }));
  assert.equal(first(NOW_US, YEAR_2020_US - 1), true);
  assert.equal(first(NOW_US, YEAR_2020_US), false);
  assert.equal(first(YEAR_2020_US, 0), true);
  assert.equal(first(YEAR_2020_US - 1, 0), false);
});

test("ServerClock believes what lags or leads by five minutes at most", () => {
  for (
    const [leadUs, isBelieved] of [
      [LAG_US, true],
      [LAG_US + 1, false],
      [-LAG_US, true],
      [-LAG_US - 1, false],
    ] as const
  ) {
    assert.equal(clockAt(NOW_US).note(NOW_US + leadUs, origin()), isBelieved, `${leadUs}`);
    // The time that has passed makes no difference.
    const passedUs = 3 * HOUR_US;
    const sentUs = NOW_US + passedUs + leadUs;
    assert.equal(clockAt(NOW_US).note(sentUs, origin(passedUs)), isBelieved, `${leadUs}`);
  }
});

test("ServerClock counts the lag from the last timestamp, and the lead from the first", () => {
  const lagging = clockAt(NOW_US);
  assert.ok(lagging.note(NOW_US - LAG_US, origin()));
  assert.ok(lagging.note(NOW_US - 2 * LAG_US, origin()));
  assert.ok(!lagging.note(NOW_US + LAG_US + 1, origin()));
  assert.ok(lagging.note(NOW_US + LAG_US, origin()));
  // What was believed of the connection itself counts more than that of another.
  const own = { sentUs: NOW_US - LAG_US, elapsedUs: 0 };
  assert.ok(!clockAt(NOW_US).note(NOW_US - 2 * LAG_US, origin()));
  assert.ok(clockAt(NOW_US).note(NOW_US - 2 * LAG_US, origin(0, { last: own })));
  assert.ok(!clockAt(NOW_US).note(NOW_US - 2 * LAG_US - 1, origin(0, { last: own })));
});

test("ServerClock takes a timestamp that leads for the new limit", () => {
  const clock = clockAt(NOW_US);
  assert.ok(clock.note(NOW_US + LAG_US, origin()));
  assert.ok(clock.note(NOW_US + 2 * LAG_US, origin()));
  assert.equal(clock.state().limitUs, NOW_US + 3 * LAG_US);
  assert.ok(clock.note(NOW_US + LAG_US, origin()));
  assert.equal(clock.state().limitUs, NOW_US + 3 * LAG_US);
});

test("ServerClock lets what was not read for a while lag by that much more", () => {
  const unreadUs = HOUR_US;
  const note = (sentUs: number): boolean => clockAt(NOW_US).note(sentUs, origin(0, { unreadUs }));
  assert.ok(note(NOW_US - LAG_US - unreadUs));
  assert.ok(!note(NOW_US - LAG_US - unreadUs - 1));
  assert.ok(!note(NOW_US + LAG_US + 1));
  // If the first one was not read for a while, the clock may be ahead of it by as much.
  const late = (sentUs: number): boolean =>
    clockAt(NOW_US, origin(0, { unreadUs })).note(sentUs, origin());
  assert.ok(late(NOW_US + LAG_US + unreadUs));
  assert.ok(!late(NOW_US + LAG_US + unreadUs + 1));
});

test("ServerClock follows the wall clock where that and the monotonic one differ", () => {
  // The wall clock went on for an hour in which the monotonic one stood still.
  const slept = (sentUs: number): boolean =>
    clockAt(NOW_US).note(sentUs, origin(0, { receivedUs: NOW_US + HOUR_US }));
  assert.ok(slept(NOW_US + HOUR_US + LAG_US));
  assert.ok(!slept(NOW_US + HOUR_US + LAG_US + 1));
  assert.ok(slept(NOW_US + HOUR_US - LAG_US));
  assert.ok(!slept(NOW_US + HOUR_US - LAG_US - 1));
  assert.ok(slept(NOW_US + LAG_US), "the monotonic clock may be right too");
  assert.ok(!slept(NOW_US + LAG_US + 1));
});

test("ServerClock believes the eighth in a row that contradicts it, if they agree with each other", () => {
  const clock = clockAt(NOW_US);
  const wrongUs = NOW_US + DAY_US;
  for (let i = 1; i < 8; i++) {
    // Each may be as far from the one before as any two of one clock.
    assert.equal(clock.note(wrongUs + (i % 2) * LAG_US, origin()), false, `number ${i}`);
    assert.equal(clock.state().doubted?.count, i);
  }
  assert.deepEqual(clock.last, { sentUs: NOW_US, elapsedUs: 0 });
  assert.equal(clock.note(wrongUs, origin()), true);
  const { last, limitUs, doubted } = clock.state();
  assert.deepEqual(last, { sentUs: wrongUs, elapsedUs: 0 });
  assert.equal(limitUs, wrongUs + LAG_US);
  assert.equal(doubted, undefined);
});

test("ServerClock counts anew what does not agree with the one before, or follows one it believes", () => {
  const clock = clockAt(NOW_US);
  const wrongUs = NOW_US + DAY_US;
  const countAfter = (sentUs: number): number | undefined => {
    clock.note(sentUs, origin());
    return clock.state().doubted?.count;
  };
  assert.equal(countAfter(wrongUs), 1);
  assert.equal(countAfter(wrongUs + LAG_US), 2);
  assert.equal(countAfter(wrongUs + 2 * LAG_US + 1), 1);
  assert.equal(countAfter(wrongUs + LAG_US + 1), 2);
  assert.equal(countAfter(wrongUs), 1);
  assert.equal(countAfter(wrongUs), 2);
  assert.equal(countAfter(NOW_US), undefined);
  assert.equal(countAfter(wrongUs), 1);
});

test("ServerClock.pass takes a leap of the wall clock of more than ten minutes for a suspension", () => {
  const leap = (us: number) => {
    const clock = clockAt(NOW_US);
    assert.equal(clock.pass({ receivedUs: NOW_US, elapsedUs: 0 }), false);
    assert.equal(clock.pass({ receivedUs: NOW_US + HOUR_US, elapsedUs: HOUR_US }), false);
    const wasSuspended = clock.pass({
      receivedUs: NOW_US + 2 * HOUR_US + us,
      elapsedUs: 2 * HOUR_US,
    });
    return { wasSuspended, state: clock.state() };
  };
  for (const us of [-HOUR_US, 0, 1, 10 * MINUTE_US]) {
    const { wasSuspended, state } = leap(us);
    assert.equal(wasSuspended, false, `${us}`);
    assert.deepEqual(state.last, { sentUs: NOW_US, elapsedUs: 0 });
    // A wall clock that is set back was ahead once: it may come back without having slept.
    assert.equal(state.wallOffsetMaxUs, NOW_US + Math.max(us, 0));
  }
  const { wasSuspended, state } = leap(10 * MINUTE_US + 1);
  assert.equal(wasSuspended, true);
  assert.deepEqual(state, {
    ...clockStateOf(undefined),
    wallOffsetMaxUs: NOW_US + 10 * MINUTE_US + 1,
  });
});

test("ServerClock.restore goes on as the clock would whose state it takes over", () => {
  const clock = clockAt(NOW_US);
  for (let i = 0; i < 7; i++) clock.note(NOW_US + DAY_US, origin());
  const again = new ServerClock();
  again.restore(clock.state());
  assert.deepEqual(again.last, clock.last);
  assert.ok(again.note(NOW_US + DAY_US, origin()));
});

test("clockStateOf knows the limit of one timestamp, and nothing without one", () => {
  const { limitUs, last } = clockStateOf({ sentUs: NOW_US, elapsedUs: 3 });
  assert.deepEqual(last, { sentUs: NOW_US, elapsedUs: 3 });
  assert.equal(limitUs, NOW_US - 3 + LAG_US);
  assert.deepEqual(clockStateOf(undefined), new ServerClock().state());
});
