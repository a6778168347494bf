import assert from "node:assert/strict";
import { test } from "node:test";
import { Lru } from "../../src/core/lru.ts";
import { intBelow, pick, seededRandom } from "../../src/testing/chance/seeded_random.ts";

const SEED = 20261128;

const keysOf = <K, V>(lru: Lru<K, V>) => [...lru.entries()].map(([key]) => key);

test("Lru evicts what was not used for longest, and tells", () => {
  const evicted: string[] = [];
  const lru = new Lru<string, number>({
    countMax: 3,
    onEvict: (key, value) => evicted.push(`${key}${value}`),
  });
  for (const [i, key] of ["a", "b", "c"].entries()) lru.set(key, i);
  assert.equal(lru.get("a"), 0);
  assert.ok(lru.has("b"), "which is no use");
  lru.set("d", 3);
  assert.deepEqual(evicted, ["b1"]);
  lru.set("c", 7);
  lru.set("e", 4);
  assert.deepEqual(evicted, ["b1", "a0"]);
  assert.deepEqual([...lru.entries()], [["d", 3], ["c", 7], ["e", 4]]);
  assert.equal(lru.get("b"), undefined);
  assert.equal(lru.size, 3);
});

test("Lru holds what costs no more than its bound together", () => {
  const lru = new Lru<string, string>({ costMax: 10, costOf: ({ length }) => length });
  lru.set("a", "1234");
  lru.set("b", "1234");
  assert.equal(lru.cost, 8);
  lru.set("b", "123456");
  assert.deepEqual(keysOf(lru), ["a", "b"], "a value is replaced, not added");
  assert.equal(lru.cost, 10);
  lru.set("c", "12345");
  assert.deepEqual(keysOf(lru), ["c"], "as many go as have to");
  lru.set("d", "12345678901");
  assert.deepEqual(keysOf(lru), ["c"], "what never fits pushes out nothing");
  lru.set("c", "12345678901");
  assert.deepEqual(keysOf(lru), [], "nor does its older value stay");
  assert.equal(lru.cost, 0);
});

test("Lru forgets what is deleted, which is no eviction", () => {
  const lru = new Lru<string, string>({
    countMax: 4,
    costMax: 9,
    costOf: ({ length }) => length,
    onEvict: () => assert.fail("nothing is evicted"),
  });
  for (const key of ["a", "b", "c"]) lru.set(key, key);
  assert.ok(lru.delete("b"));
  assert.ok(!lru.delete("b"));
  assert.equal(lru.cost, 2);
  for (const [key] of lru.entries()) lru.delete(key);
  assert.equal(lru.size, 0);
  lru.set("a", "aaaaaaaaa");
  lru.clear();
  assert.deepEqual([lru.size, lru.cost], [0, 0]);
});

test("Lru does what a list does that is sorted by use", () => {
  const random = seededRandom(SEED);
  for (const [countMax, costMax] of [[4, Infinity], [Infinity, 12], [5, 9]] as const) {
    const evicted: string[] = [];
    const lru = new Lru<string, number>({
      ...{ countMax, costMax, costOf: (value) => value },
      onEvict: (key) => evicted.push(key),
    });
    let list: [string, number][] = [];
    const gone: string[] = [];
    for (let step = 0; step < 3_000; step++) {
      const key = pick(random, ["a", "b", "c", "d", "e", "f", "g"]);
      const known = list.find(([each]) => each === key);
      const others = list.filter(([each]) => each !== key);
      const kind = pick(random, ["get", "set", "set", "delete"]);
      if (kind === "get") {
        assert.equal(lru.get(key), known?.[1]);
        list = known === undefined ? list : [...others, known];
      } else if (kind === "delete") {
        assert.equal(lru.delete(key), known !== undefined);
        list = others;
      } else {
        const cost = 1 + intBelow(random, 13);
        lru.set(key, cost);
        list = cost > costMax ? others : [...others, [key, cost]];
        const sum = () => list.reduce((sum, [, each]) => sum + each, 0);
        while (list.length > countMax || sum() > costMax) gone.push(list.shift()![0]);
      }
      assert.deepEqual([...lru.entries()], list);
      assert.equal(lru.cost, list.reduce((sum, [, each]) => sum + each, 0));
    }
    assert.deepEqual(evicted, gone);
  }
});
