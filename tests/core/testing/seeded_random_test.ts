import assert from "node:assert/strict";
import { test } from "node:test";
import {
  between,
  chance,
  exponential,
  intBelow,
  pick,
  pickWeighted,
  seededRandom,
  shuffled,
} from "../../../src/testing/chance/seeded_random.ts";
import { TimeQueue } from "../../../src/testing/time/time_queue.ts";

function draw(seed: string | number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

test("seededRandom gives these numbers for ever, or old seeds would mean nothing", () => {
  assert.deepEqual(draw("chatloom", 3), [
    0.723282507483525,
    0.29254919985701433,
    0.12091587319882657,
  ]);
});

test("seededRandom gives other numbers for other seeds", () => {
  const firsts = Array.from({ length: 2_000 }, (_, seed) => draw(seed, 1)[0]);
  assert.equal(new Set(firsts).size, firsts.length);
  assert.deepEqual(draw(7, 5), draw("7", 5));
});

test("seededRandom is uniform: a thousand numbers in each of a hundred boxes, more or less", () => {
  for (const seed of [1, 2, "three"]) {
    const boxes = new Array<number>(100).fill(0);
    for (const number of draw(seed, 100_000)) {
      assert.ok(number >= 0 && number < 1);
      boxes[Math.floor(number * 100)]!++;
    }
    const chiSquared = boxes.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquared > 55 && chiSquared < 160, `seed ${seed}: ${chiSquared}`); // 99.99 %
  }
});

test("SeededRandom.fork depends on seed and label, not on what was drawn", () => {
  const random = seededRandom(1);
  const before = random.fork("a").next();
  random.next();
  assert.equal(random.fork("a").next(), before);
  assert.notEqual(random.fork("b").next(), before);
  assert.notEqual(seededRandom(2).fork("a").next(), before);
  assert.equal(random.fork("a").fork(3).seed, "1/a/3");
});

test("intBelow, between and pick stay in their bounds and reach all of them", () => {
  const random = seededRandom("bounds");
  const ints = new Set(Array.from({ length: 1_000 }, () => intBelow(random, 6)));
  assert.deepEqual([...ints].sort(), [0, 1, 2, 3, 4, 5]);
  for (let i = 0; i < 1_000; i++) {
    const number = between(random, [-2, 3]);
    assert.ok(number >= -2 && number < 3);
  }
  const picked = new Set(Array.from({ length: 100 }, () => pick(random, ["a", "b"])));
  assert.equal(picked.size, 2);
  assert.throws(() => pick(random, []), RangeError);
});

test("pickWeighted and chance follow their odds", () => {
  const random = seededRandom("odds");
  let [heavy, lucky] = [0, 0];
  for (let i = 0; i < 10_000; i++) {
    const key = pickWeighted(random, { heavy: 3, light: 1, never: 0 });
    assert.notEqual(key, "never");
    if (key === "heavy") heavy++;
    if (chance(random, 0.2)) lucky++;
    assert.ok(!chance(random, 0) && chance(random, 1));
  }
  assert.ok(heavy > 7_200 && heavy < 7_800, `${heavy}`);
  assert.ok(lucky > 1_800 && lucky < 2_200, `${lucky}`);
  assert.throws(() => pickWeighted(random, { never: 0 }), RangeError);
});

test("shuffled makes every order, leaves its argument alone, and loses nothing", () => {
  const random = seededRandom("shuffle");
  const items = [1, 2, 3];
  const orders = new Map<string, number>();
  for (let i = 0; i < 6_000; i++) {
    const order = shuffled(random, items).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.equal(orders.size, 6);
  for (const [order, count] of orders) assert.ok(count > 850 && count < 1_150, `${order} ${count}`);
  assert.deepEqual(items, [1, 2, 3]);
});

test("exponential has the mean it is told", () => {
  const random = seededRandom("mean");
  let sum = 0;
  for (let i = 0; i < 20_000; i++) sum += exponential(random, 50);
  assert.ok(Math.abs(sum / 20_000 - 50) < 2, `${sum / 20_000}`);
});

test("TimeQueue gives back in order of time, and of arrival within one time", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seededRandom(seed);
    const queue = new TimeQueue<[at: number, turn: number]>();
    const waiting: [number, number][] = [];
    for (let turn = 0; turn < 300; turn++) {
      if (chance(random, 0.6)) {
        const at = intBelow(random, 20);
        queue.push(at, [at, turn]);
        waiting.push([at, turn]);
      } else {
        waiting.sort(([a, first], [b, second]) => a - b || first - second);
        assert.equal(queue.peekAt(), waiting[0]?.[0], `seed ${seed}`);
        assert.deepEqual(queue.pop(), waiting.shift(), `seed ${seed}`);
      }
      assert.equal(queue.size, waiting.length);
    }
  }
});
