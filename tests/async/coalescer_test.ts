import assert from "node:assert/strict";
import { test } from "node:test";
import { Coalescer } from "../../src/async/coalescer.ts";

/** Work that counts its runs; the test ends each, in order. */
function countedWork() {
  const ends: ((failure?: Error) => void)[] = [];
  let begun = 0;
  const work = () =>
    new Promise<number>((resolve, reject) => {
      const run = ++begun;
      ends.push((failure) => failure === undefined ? resolve(run) : reject(failure));
    });
  return { work, ends, begun: () => begun };
}

test("Coalescer gives those who ask during a run the next one, which they share", async () => {
  const calls = new Coalescer<number>();
  const { work, ends, begun } = countedWork();
  const first = calls.run("a", work);
  const late = [calls.run("a", work), calls.run("a", work)];
  assert.equal(begun(), 1, "never two of a key at once");
  ends[0]!();
  assert.equal(await first, 1);
  await Promise.resolve();
  assert.equal(begun(), 2);
  const latest = calls.run("a", work);
  ends[1]!();
  assert.deepEqual(await Promise.all(late), [2, 2]);
  ends[2]!();
  assert.equal(await latest, 3, "what came during the second waits for the third");
  const again = calls.run("a", work);
  assert.equal(begun(), 4, "when none runs it starts at once");
  ends[3]!();
  assert.equal(await again, 4);
});

test("Coalescer keeps keys apart, and a failure from those who asked later", async () => {
  const calls = new Coalescer<number>();
  const { work, ends, begun } = countedWork();
  const [a, b] = [calls.run("a", work), calls.run("b", work)];
  assert.equal(begun(), 2);
  const late = calls.run("a", work);
  const failure = new Error("planned");
  ends[0]!(failure);
  await assert.rejects(a, failure);
  await Promise.resolve();
  ends[2]!();
  assert.equal(await late, 3);
  ends[1]!();
  assert.equal(await b, 2);
});
