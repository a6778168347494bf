import assert from "node:assert/strict";
import { test } from "node:test";
import { bracketed } from "../../src/web/words/bracketed.ts";
import { countingIn } from "../../src/web/words/counting/counting.ts";
import { ENGLISH } from "../../src/web/words/english.ts";
import { GERMAN } from "../../src/web/words/german.ts";

test("countingIn writes numbers as the language does, with the form of its plural", () => {
  const forms = { one: "a", few: "b", other: "c" };
  assert.equal(countingIn("en").counted(1, forms), "1 a");
  assert.equal(countingIn("en").counted(1_234, forms), "1,234 c");
  assert.equal(countingIn("de").counted(1_234, forms), "1.234 c");
  assert.equal(countingIn("de").decimal(12.345, 1), "12,3");
  // Languages have more forms than two.
  assert.equal(countingIn("pl").counted(3, forms), "3 b");
  assert.equal(countingIn("pl").counted(5, forms), "5 c");
});

/** Every text of a catalogue, by its path; functions are called with `args`. */
function textsOf(value: unknown, args: readonly unknown[], path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    return [[path, String((value as (...args: unknown[]) => string)(...args))]];
  }
  return Object.entries(value as object).flatMap(([key, each]) =>
    textsOf(each, args, `${path}.${key}`)
  );
}

test("every text of every language is there, and none is left from building it", () => {
  for (const catalogue of [ENGLISH, GERMAN]) {
    for (const [path, text] of textsOf(catalogue, [2, 3, 4, 5])) {
      assert.doesNotMatch(text, /undefined|NaN|\[object/, path);
    }
  }
});

test("texts of a catalogue tell all that they are given", () => {
  // What English tells, German tells too: a forgotten figure shows as a missing number.
  const numbers = (text: string): string =>
    (text.match(/\d{2,}/g) ?? []).map(Number).sort((a, b) => a - b).join();
  const english = new Map(textsOf(ENGLISH, [71, 72, 73, 74]));
  for (const [path, text] of textsOf(GERMAN, [71, 72, 73, 74])) {
    assert.equal(numbers(text), numbers(english.get(path)!), `${path}: ${text}`);
  }
});

test("bracketed marks each text, those of functions too, and leaves tags as they are", () => {
  const words = bracketed();
  assert.equal(words.tag, "en");
  assert.equal(words.app.skip, "⟦Skip to content⟧");
  assert.equal(words.home.found(1, 2), "⟦1 of 2 channels⟧");
  assert.equal(words.app.titleOf.chat, "");
});
