import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWord, toByteText, toWord } from "../../../src/core/scan/byte_text.ts";
import { NOT_FOUND, skipLiteral } from "../../../src/core/scan/canonical_scan.ts";

test("skipWord finds just the word, whatever stands there and wherever the text ends", () => {
  for (let length = 8; length <= 16; length++) {
    const letters = "abcdefghijklmnop".slice(0, length);
    const word = toWord(letters);
    for (const lead of [0, 1, 5]) {
      const bytes = new TextEncoder().encode(`${"x".repeat(lead)}${letters}y`);
      assert.equal(skipWord(toByteText(bytes), lead, word), lead + length);
      assert.equal(skipWord(toByteText(bytes.subarray(0, -1)), lead, word), lead + length);
      assert.equal(skipWord(toByteText(bytes.subarray(0, -2)), lead, word), NOT_FOUND);
      for (let at = lead; at < lead + length; at++) {
        for (const other of [0, 0x20, 0x7f, 0x80, 0xff]) {
          const damaged = bytes.slice();
          damaged[at] = other;
          assert.equal(skipWord(toByteText(damaged), lead, word), NOT_FOUND, `${at} ${other}`);
          assert.equal(skipLiteral(damaged, lead, word.bytes), NOT_FOUND);
        }
      }
    }
    assert.equal(skipWord(toByteText(word.bytes), NOT_FOUND, word), NOT_FOUND);
    assert.equal(skipWord(toByteText(word.bytes), 1, word), NOT_FOUND);
  }
  for (const text of ["", "1234567", "12345678901234567"]) {
    assert.throws(() => toWord(text), RangeError);
  }
});
