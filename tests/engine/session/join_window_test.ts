import assert from "node:assert/strict";
import { test } from "node:test";
import { JoinWindow } from "../../../src/engine/session/timing/join_window.ts";
import {
  between,
  chance,
  intBelow,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { SEED } from "../../simulation/session/session_world.ts";

const S = 1_000_000;

function burstOf(window: JoinWindow, { size, atUs }: { size: number; atUs: number }) {
  const burst = window.begin(atUs);
  for (let i = 0; i < size; i++) window.add(burst);
  return burst;
}

test("JoinWindow waits for 10.25 s from a JOIN, for 10 s from a late answer", () => {
  const window = new JoinWindow(20);
  const prompt = burstOf(window, { size: 15, atUs: 0 });
  const late = burstOf(window, { size: 5, atUs: 1 * S });
  window.answer(prompt, 0.1 * S);
  window.answer(late, 4 * S);
  assert.equal(window.waitMs(5 * S), 5_250);
  assert.equal(window.room(10.25 * S), 15);
  burstOf(window, { size: 15, atUs: 10.25 * S });
  assert.equal(window.room(13.999_999 * S), 0);
  assert.equal(window.room(14 * S), 5);
});

test("JoinWindow counts a JOIN without an answer for 20 s, and one that is answered later still", () => {
  const window = new JoinWindow(1);
  const burst = burstOf(window, { size: 1, atUs: 0 });
  assert.equal(window.waitMs(0), 10_250);
  assert.equal(window.waitMs(10.25 * S), 9_750);
  assert.equal(window.room(20 * S), 1);
  window.answer(burst, 21 * S);
  assert.equal(window.room(30.9 * S), 0);
  assert.equal(window.room(31 * S), 1);
});

test("JoinWindow never lets more JOINs arrive in 10 s, however late they are", () => {
  const random = seededRandom(`${SEED} window`);
  for (let round = 0; round < 20; round++) {
    const count = 1 + intBelow(random, 30);
    const window = new JoinWindow(count);
    const arrivals: number[] = [];
    const answers: { atUs: number; answer: (atUs: number) => void }[] = [];
    let nowUs = 0;
    for (let step = 0; step < 200; step++) {
      nowUs += Math.round(between(random, [0, 6 * S]));
      answers.sort((a, b) => a.atUs - b.atUs);
      while ((answers[0]?.atUs ?? Infinity) <= nowUs) {
        const { atUs, answer } = answers.shift()!;
        answer(atUs);
      }
      const room = window.room(nowUs);
      if (room === 0) continue;
      const size = 1 + intBelow(random, room);
      const burst = burstOf(window, { size, atUs: nowUs });
      const arrivalUs = nowUs +
        Math.round(between(random, chance(random, 0.5) ? [0, S] : [0, 9 * S]));
      for (let i = 0; i < size; i++) arrivals.push(arrivalUs);
      const atUs = arrivalUs + Math.round(between(random, [0, S]));
      answers.push({ atUs, answer: (heardUs) => window.answer(burst, heardUs) });
    }
    arrivals.sort((a, b) => a - b);
    for (let i = count; i < arrivals.length; i++) {
      const gapUs = arrivals[i]! - arrivals[i - count]!;
      assert.ok(gapUs >= 10 * S, `${gapUs} µs, round ${round}, SIM_SEED=${SEED}`);
    }
  }
});
