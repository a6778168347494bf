import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../../src/core/json/parse_json.ts";
import "../../laws/fixed_seed.ts";
import { assertGrowsAsInput } from "../../waiting/growth.ts";

/** Entries of all objects, in order: what no engine can blur. */
function toEntries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toEntries);
  if (typeof value !== "object" || value === null) return value;
  return { entries: Object.entries(value).map(([key, each]) => [key, toEntries(each)]) };
}

test("parseJson tells keys apart that begin alike up to a backslash", () => {
  // V8 15.0 gave the first one's key to all of them.
  const texts = [
    '{"a":0,"q\\\\":1}',
    '{"a":0,"q\\u0041":1}',
    '{"a":0,"q\\n":1}',
    '{"a":0,"q\\"":1}',
  ];
  for (let round = 0; round < 3; round++) {
    const keys = texts.map((text) => Object.keys(parseJson(text) as object)[1]);
    assert.deepEqual(keys, ["q\\", "qA", "q\n", 'q"']);
  }
});

test("parseJson reads what JSON.stringify writes, whatever the keys", () => {
  const key = fc.string({
    unit: fc.constantFrom("a", "q", "\\", '"', "\n", "\u2028", ":", "{", "1"),
  });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(null, true, 0, -1.5, "", '":', "\\", "[]"),
      key,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(fc.property(tree, fc.constantFrom(undefined, 2), (value, space) => {
    assert.deepEqual(toEntries(parseJson(JSON.stringify(value, null, space))), toEntries(value));
  }));
});

test("parseJson takes __proto__ for a key, and the last of equal keys, in the place of the first", () => {
  const value = parseJson('{"\\u005f_proto__":{"x":1},"b":1,"\\u0062":2,"c":3}') as object;
  assert.deepEqual(toEntries(value), {
    entries: [["__proto__", { entries: [["x", 1]] }], ["b", 2], ["c", 3]],
  });
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("parseJson refuses what JSON.parse refuses", () => {
  for (const text of ["", "{", '{"\\u0041":1,}', '{"\\x":1}', '{"a\\"}', "[1 2]", '"\n"']) {
    assert.throws(() => parseJson(text), SyntaxError, text);
  }
});

test("parseJson needs no stack for what nests deep, and no time for what escapes much", async () => {
  const deep = `${'{"\\u0041":['.repeat(50_000)}0${"]}".repeat(50_000)}`;
  assert.ok(parseJson(deep));
  await assertGrowsAsInput((length) => {
    const long = JSON.stringify({ text: "\u0001".repeat(length), ["\n"]: 1 });
    assert.equal((parseJson(long) as { text: string }).text.length, length);
  }, { size: 400_000, what: "escapes" });
});
