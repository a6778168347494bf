import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedBytes } from "../../../src/core/recording/chunked_bytes.ts";
import { copyInOrder } from "../../../src/core/recording/copy_in_order.ts";

const COUNT = 5;

/** All orders of the numbers below `count`. */
function* permutations(count: number, begun: readonly number[] = []): Iterable<number[]> {
  if (begun.length === count) yield [...begun];
  for (let next = 0; next < count; next++) {
    if (!begun.includes(next)) yield* permutations(count, [...begun, next]);
  }
}

/** Long enough that each takes chunks of its own. */
function lineOf(i: number): string {
  return String(i).repeat(1_000 + 100 * i);
}

test("copyInOrder copies lines and texts in every order", () => {
  for (let textMask = 0; textMask < 1 << COUNT; textMask++) {
    for (const order of permutations(COUNT)) {
      const lines = new ChunkedBytes();
      const ends: number[] = [];
      const texts = new Map<number, string>();
      let [length, expected] = [0, ""];
      for (const i of Array(COUNT).keys()) {
        lines.add(new TextEncoder().encode(`${lineOf(i)}\n`));
        ends.push(lines.length);
        const isText = (textMask >> i & 1) === 1;
        if (isText) texts.set(i, `text ${i}`);
      }
      for (const i of order) expected += `${texts.get(i) ?? lineOf(i)}\n`;
      length = expected.length;
      const bytes = copyInOrder(order, { lines, ends, texts, length });
      assert.equal(new TextDecoder().decode(bytes), expected, `${order}, texts ${textMask}`);
    }
  }
});

test("copyInOrder copies neighbours in one go, and frees each chunk when nothing before is left", () => {
  const lines = new ChunkedBytes();
  const ends = Array.from({ length: 8 }, (_, i) => {
    lines.add(new TextEncoder().encode(`${String(i).repeat(1_023)}\n`));
    return lines.length;
  });
  const copied: [from: number, to: number][] = [];
  const freed: number[] = [];
  const copy = lines.copy.bind(lines);
  lines.copy = (
    from,
    to,
    target,
  ) => (copied.push([from / 1_024, to / 1_024]), copy(from, to, target));
  lines.freeBefore = (offset) => void freed.push(offset / 1_024);
  const texts = new Map([[6, "text"]]);
  copyInOrder([0, 1, 2, 4, 5, 3, 6, 7], { lines, ends, texts, length: 7 * 1_024 + 5 });
  assert.deepEqual(copied, [[0, 3], [4, 6], [3, 4], [7, 8]]);
  assert.deepEqual(freed, [3, 3, 6, 8]);
});
