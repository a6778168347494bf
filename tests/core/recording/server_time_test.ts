import assert from "node:assert/strict";
import { test } from "node:test";
import { clampEnd, LaterTimestamps } from "../../../src/core/recording/later_timestamps.ts";
import {
  estimateRange,
  rangeBetween,
  serverClockUs,
} from "../../../src/core/recording/server_time.ts";
import { type Micros, RANGE_MAX_US, SECOND_US, TIME_END_US } from "../../../src/core/time.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "time";
const LOCAL_US = 1_785_587_640 * SECOND_US;

function seconds(range: { startUs: Micros; endUs: Micros }, fromUs: Micros): [number, number] {
  return [(range.startUs - fromUs) / SECOND_US, (range.endUs - fromUs) / SECOND_US];
}

test("estimateRange trusts the wall clock before any timestamp, for 15 s", () => {
  const hints = { moment: { receivedUs: LOCAL_US, elapsedUs: 7 }, last: undefined };
  assert.deepEqual(seconds(estimateRange({ command: "NOTICE" }, hints), LOCAL_US), [-10, 5]);
  assert.deepEqual(seconds(estimateRange({ command: "JOIN" }, hints), LOCAL_US), [-55, 5]);
});

test("estimateRange goes by the last timestamp and the time passed since", () => {
  const last = { sentUs: LOCAL_US, elapsedUs: 1_000 };
  const after = (s: number) => ({
    // A wall clock that is years off changes nothing.
    moment: { receivedUs: 12345, elapsedUs: 1_000 + s * SECOND_US },
    last,
  });
  assert.deepEqual(seconds(estimateRange({ command: "NOTICE" }, after(0)), LOCAL_US), [-1, 5]);
  assert.deepEqual(seconds(estimateRange({ command: "NOTICE" }, after(2)), LOCAL_US), [-1, 7]);
  assert.deepEqual(seconds(estimateRange({ command: "NOTICE" }, after(60)), LOCAL_US), [55, 65]);
  assert.deepEqual(seconds(estimateRange({ command: "PART" }, after(2)), LOCAL_US), [-46, 7]);
  assert.deepEqual(seconds(estimateRange({ command: "PART" }, after(60)), LOCAL_US), [10, 65]);
  assert.equal(serverClockUs(last, 1_000 + SECOND_US), LOCAL_US + SECOND_US);
});

test("estimateRange prefers the clock of another connection to the wall clock", () => {
  const lastOfAny = { sentUs: LOCAL_US, elapsedUs: 0 };
  const moment = { receivedUs: LOCAL_US + 600 * SECOND_US, elapsedUs: SECOND_US };
  const range = estimateRange({ command: "NOTICE" }, { moment, last: undefined, lastOfAny });
  assert.deepEqual(seconds(range, LOCAL_US), [-4, 6]);
});

test("rangeBetween goes from one timestamp to the next, where that is a minute at most", () => {
  const between = (command: string, afterS: number | undefined, beforeS: number | undefined) => {
    const us = (s: number | undefined) => s === undefined ? undefined : LOCAL_US + s * SECOND_US;
    const range = rangeBetween({ command }, { afterUs: us(afterS), beforeUs: us(beforeS) });
    return range === undefined ? undefined : seconds(range, LOCAL_US);
  };
  assert.deepEqual(between("NOTICE", 0, 20), [-1, 21]);
  assert.deepEqual(between("NOTICE", 0, 58), [-1, 59]);
  assert.equal(between("NOTICE", 0, 59), undefined);
  assert.deepEqual(between("JOIN", 0, 13), [-46, 14]);
  assert.equal(between("JOIN", 0, 14), undefined);
  assert.equal(between("NOTICE", undefined, 0), undefined);
  assert.equal(between("NOTICE", 0, undefined), undefined);
});

test("rangeBetween keeps to the times that can be written", () => {
  const notice = { command: "NOTICE" };
  const early = { afterUs: SECOND_US, beforeUs: SECOND_US };
  assert.deepEqual(rangeBetween(notice, early), { startUs: 0, endUs: 2 * SECOND_US });
  assert.deepEqual(rangeBetween(notice, { ...early, afterUs: 0 }), {
    startUs: 0,
    endUs: 2 * SECOND_US,
  });
  const late = TIME_END_US - 1;
  assert.deepEqual(rangeBetween(notice, { afterUs: late, beforeUs: late }), {
    startUs: late - SECOND_US,
    endUs: late,
  });
  assert.equal(
    rangeBetween(notice, { afterUs: LOCAL_US, beforeUs: LOCAL_US - 3 * SECOND_US }),
    undefined,
  );
});

test("estimateRange gives what can be written, whatever the clocks show", () => {
  const clocks = [0, 1, SECOND_US, LOCAL_US, TIME_END_US - 1];
  for (const receivedUs of clocks) {
    for (const sentUs of clocks) {
      for (const elapsedUs of [0, SECOND_US, TIME_END_US]) {
        for (const command of ["JOIN", "NOTICE"]) {
          const last = { sentUs, elapsedUs: 0 };
          const hints = { moment: { receivedUs, elapsedUs }, last };
          const { startUs, endUs } = estimateRange({ command }, hints);
          assert.ok(startUs >= 0 && startUs < TIME_END_US && startUs <= endUs);
          assert.ok(endUs - startUs <= RANGE_MAX_US);
        }
      }
    }
  }
});

test("LaterTimestamps tells the smallest timestamp that came after each line", () => {
  const random = seededRandom(SEED);
  for (let i = 0; i < 500; i++) {
    const later = new LaterTimestamps();
    const lines: { answer: ReturnType<LaterTimestamps["join"]>; after: number[] }[] = [];
    for (let step = 0; step < 40; step++) {
      if (random.next() < 0.5) lines.push({ answer: later.join(), after: [] });
      else {
        const sentUs = LOCAL_US + intBelow(random, 20) * SECOND_US;
        later.note(sentUs);
        for (const line of lines) line.after.push(sentUs);
      }
    }
    for (const { answer, after } of lines) {
      const range = { startUs: LOCAL_US, endUs: LOCAL_US + 15 * SECOND_US };
      const expected = Math.min(range.endUs, Math.min(...after) + SECOND_US);
      assert.equal(clampEnd(range, answer), Math.max(range.startUs, expected), `SIM_SEED=${SEED}`);
    }
  }
});

test("LaterTimestamps gives lines between two timestamps one answer, which may find a successor", () => {
  const later = new LaterTimestamps();
  const first = later.join();
  assert.equal(later.join(), first);
  later.note(LOCAL_US + 5);
  assert.equal(first.sentUs, LOCAL_US + 5);
  later.note(LOCAL_US + 6); // Says nothing about lines before: they were sent before the first.
  const second = later.join();
  assert.notEqual(second, first);
  later.note(LOCAL_US + 6);
  assert.deepEqual([first.successor, second.sentUs], [undefined, LOCAL_US + 6]);
  later.note(LOCAL_US + 5); // Out of order, and now the same for both.
  assert.deepEqual([first.successor, second.sentUs], [second, LOCAL_US + 5]);
});

test("LaterTimestamps goes on cutting the ranges of the last 1,024 answers only", () => {
  const later = new LaterTimestamps();
  const answers = Array.from({ length: 1_025 }, (_, i) => {
    const answer = later.join();
    if (i < 1_024) later.note(LOCAL_US + i * SECOND_US);
    return answer;
  });
  later.note(LOCAL_US - SECOND_US);
  const range = { startUs: 0, endUs: TIME_END_US };
  const ends = answers.slice(0, 3).map((answer) => clampEnd(range, answer));
  assert.deepEqual(ends, [LOCAL_US + SECOND_US, LOCAL_US, LOCAL_US]);
});
