import assert from "node:assert/strict";
import { test } from "node:test";
import {
  includesReceivers,
  joinReceivers,
  type ReceiverSpan,
  splitReceivers,
  toReceiverList,
} from "../../../src/core/merge/receiver_list.ts";
import { decodeSpan, toByteSpan } from "../../../src/core/scan/byte_text.ts";

/** A list as it stands in a line; ids are written as canonical JSON does. */
function listOf(times: Readonly<Record<string, string>>): string {
  return Object.entries(times).map(([id, time]) => `${JSON.stringify(id)}:${time}`).join(",");
}

/** The same somewhere within a text, so that offsets count. */
function spanOf(list: string) {
  const before = '{"receivers":{';
  const { text } = toByteSpan(`${before}${list}},"more":1`);
  return { text, from: before.length, to: before.length + list.length };
}

function textOf({ text, from, to }: ReceiverSpan): string {
  return decodeSpan(text.bytes, from, to);
}

test("splitReceivers takes a list apart at its commas, not at those in ids", () => {
  const pieces = ['"a":1.5', '"b,\\"}":2.0', '"c":1785587645.5'];
  for (let count = 1; count <= pieces.length; count++) {
    const heard = splitReceivers(spanOf(pieces.slice(0, count).join(",")));
    assert.deepEqual(heard.map(textOf), pieces.slice(0, count));
    for (const { text, from, idTo, to } of heard) {
      assert.match(decodeSpan(text.bytes, from, idTo), /^".*"$/);
      assert.match(decodeSpan(text.bytes, idTo, to), /^:[\d.]+$/);
    }
  }
});

test("joinReceivers has each receiver once, with its earliest time, in order of code point", () => {
  const join = (...lists: string[]): string => {
    const { text, from, to } = toReceiverList(joinReceivers(lists.map(spanOf)));
    return decodeSpan(text.bytes, from, to);
  };
  assert.equal(join('"a":2.0'), '"a":2.0');
  assert.equal(join('"b":1.0', '"a":2.0'), '"a":2.0,"b":1.0');
  assert.equal(join('"a":1.0,"c":3.0', '"b":2.0'), '"a":1.0,"b":2.0,"c":3.0');
  assert.equal(join('"b":2.0', '"a":1.0,"c":3.0'), '"a":1.0,"b":2.0,"c":3.0');
  assert.equal(join('"a":2.0', '"a":1.0'), '"a":1.0');
  assert.equal(join('"a":1.0', '"a":2.0'), '"a":1.0');
  assert.equal(join('"a":10.0', '"a":9.0'), '"a":9.0');
  assert.equal(join('"a":3.0', '"a":2.0', '"a":1.0,"b":1.0', '"b":0.5'), '"a":1.0,"b":0.5');
  assert.equal(join('"ab":1.0', '"a":1.0', '"b":1.0'), '"a":1.0,"ab":1.0,"b":1.0');
  assert.equal(join('"a!":1.0', '"a":1.0'), '"a":1.0,"a!":1.0');
  // By unit an escape would sort with its backslash: U+00E9 comes after every ASCII letter.
  assert.equal(join('"z":1.0', '"\\u00e9":1.0'), '"z":1.0,"\\u00e9":1.0');
  assert.equal(join('"\\u00e9":1.0', '"z":1.0'), '"z":1.0,"\\u00e9":1.0');
  assert.equal(join('"\\n":1.0', '"!":1.0'), '"\\n":1.0,"!":1.0');
  assert.equal(join('"!":1.0', '"\\n":1.0'), '"\\n":1.0,"!":1.0');
  assert.equal(join('"\\ud83d\\ude00":1.0', '"\\uff21":1.0'), '"\\uff21":1.0,"\\ud83d\\ude00":1.0');
  assert.equal(join('"a\\u00e9":1.0', '"a\\u00e9":0.5'), '"a\\u00e9":0.5');
});

test("includesReceivers wants every receiver, at a time that is as early", () => {
  const includes = (left: Record<string, string>, right: Record<string, string>): boolean =>
    includesReceivers(splitReceivers(spanOf(listOf(left))), splitReceivers(spanOf(listOf(right))));
  const abc = { a: "1.0", b: "2.0", c: "3.0" };
  for (const right of [abc, { a: "1.0" }, { b: "2.0" }, { c: "3.0" }, { a: "1.5", c: "4.0" }]) {
    assert.ok(includes(abc, right), JSON.stringify(right));
  }
  for (
    const right of [{ a: "0.5" }, { aa: "9.0" }, { d: "9.0" }, { ...abc, c: "2.5" }, { A: "9.0" }]
  ) {
    assert.ok(!includes(abc, right), JSON.stringify(right));
  }
});
