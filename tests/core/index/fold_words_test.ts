import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import "../../laws/fixed_seed.ts";
import { foldText, wordsOf } from "../../../src/core/text/fold_words.ts";

test("foldText folds case and form, of every character, and keeps accents", () => {
  for (
    const [left, right] of [["ＳＴＲＡßE", "strasse"], ["ΣΊΣΥΦΟΣ", "σίσυφος"], ["a\u0301", "Á"]]
  ) {
    assert.equal(foldText(left!), foldText(right!));
  }
  assert.notEqual(foldText("é"), foldText("e"));
  for (let point = 0; point < 0x110000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const folded = foldText(String.fromCodePoint(point));
    assert.equal(foldText(folded), folded, point.toString(16));
  }
});

test("wordsOf cuts at anything but letters, marks, digits and _, and takes some scripts by character", () => {
  assert.deepEqual(wordsOf("Über-RAID, raid 日本!"), ["über", "raid", "日", "本"]);
  assert.deepEqual(wordsOf("KEKW 😂😂 #1 1* x_y don't"), ["kekw", "😂", "1", "x_y", "don", "t"]);
  assert.deepEqual(wordsOf(" .,;\u0001"), []);
});

test("wordsOf bounds a word, the same way whatever surrounds it", () => {
  const long = "a".repeat(5_000);
  assert.deepEqual(wordsOf(long), ["a".repeat(64)]);
  assert.deepEqual(wordsOf(`é ${long}`), ["é", "a".repeat(64)]);
});

test("wordsOf finds the same words in a text as in its fold, and in a text behind another", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (left, right) => {
      assert.deepEqual(wordsOf(foldText(left)), wordsOf(left));
      const both = new Set([...wordsOf(left), ...wordsOf(right)]);
      assert.deepEqual(new Set(wordsOf(`${left} ${right}`)), both);
    }),
    { numRuns: 300 },
  );
});
