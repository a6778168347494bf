import assert from "node:assert/strict";
import { test } from "node:test";
import { areBytesEqual, concatBytes, copyPieces, countLines } from "../../src/core/bytes.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);

test("concatBytes puts pieces one behind the other, whatever their buffers", () => {
  assert.deepEqual(concatBytes([]), bytes());
  assert.deepEqual(concatBytes([bytes(1, 2), bytes(), bytes(3)]), bytes(1, 2, 3));
  const whole = bytes(9, 8, 7, 6);
  assert.deepEqual(concatBytes([whole.subarray(1, 3), whole.subarray(3)]), bytes(8, 7, 6));
  const first = bytes(1);
  const both = concatBytes([first, bytes(2)]);
  first[0] = 5;
  assert.deepEqual(both, bytes(1, 2), "a copy");
  assert.equal(concatBytes([first]), first, "a single piece is given back");
});

test("copyPieces fills the start of its target and leaves the rest", () => {
  const target = bytes(0, 0, 0, 7);
  copyPieces([bytes(1), bytes(2, 3)], target);
  assert.deepEqual(target, bytes(1, 2, 3, 7));
});

test("areBytesEqual compares length and every byte", () => {
  assert.ok(areBytesEqual(bytes(), bytes()));
  assert.ok(areBytesEqual(bytes(1, 2), bytes(0, 1, 2).subarray(1)));
  assert.ok(!areBytesEqual(bytes(1, 2), bytes(1, 3)));
  assert.ok(!areBytesEqual(bytes(1), bytes(1, 0)));
  assert.ok(!areBytesEqual(bytes(1, 0), bytes(1)));
});

test("countLines counts a last line without line feed", () => {
  for (const [lines, count] of Object.entries({ "": 0, "\n": 1, "a": 1, "a\n": 1, "a\n\nb": 3 })) {
    assert.equal(countLines(text(lines)), count, JSON.stringify(lines));
  }
});
