import assert from "node:assert/strict";
import { test } from "node:test";
import { freeMemory } from "../../../src/core/recording/free_memory.ts";

// Node 20 cannot free a buffer.
const skip = "transfer" in ArrayBuffer.prototype
  ? false
  : "this runtime has no transfer of buffers";

test("freeMemory empties what fills its buffer, and leaves a part of one alone", { skip }, () => {
  for (const length of [0, 1, 1_000]) {
    const bytes = new Uint8Array(length);
    freeMemory(bytes);
    assert.equal(bytes.length, 0);
    assert.equal(bytes.buffer.byteLength, 0);
  }
  const whole = new Uint8Array(10);
  for (const part of [whole.subarray(1), whole.subarray(0, 9), whole.subarray(3, 3)]) {
    const { length } = part;
    freeMemory(part);
    assert.equal(part.length, length);
  }
  assert.equal(whole.length, 10);
});
