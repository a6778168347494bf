import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBatch, encodeBatch, splitBatch } from "../../../src/core/batch/batch.ts";
import { contentKey, contentOf, contentOfFields, sentUs } from "../../../src/core/batch/content.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { findMessageFault } from "../../../src/core/batch/message_check.ts";
import { formatText } from "../../../src/core/batch/message_text.ts";
import { TIME_END_US, toSeconds } from "../../../src/core/time.ts";

const MESSAGE: Message = {
  command: "PRIVMSG",
  host: "h",
  params: ["#c", "hi"],
  receivers: { a: 1_785_587_645.5 },
  sender: "s",
  tags: { id: "1" },
  time: 1_785_587_645.25,
  time_range: 1,
  user: "u",
};
const END_S = toSeconds(TIME_END_US);

test("findMessageFault takes every form that a message may have", () => {
  const good: object[] = [
    {},
    { host: null, sender: null, user: null, tags: null },
    { tags: {}, params: [] },
    { time: 0, time_range: 0 },
    { time: END_S - 0.000001 },
    { time_range: 60 },
    { receivers: { a: 0, b: -5, c: { received: 1, time: 0, time_range: 60 } } },
    { unknown: null, other: [1, { a: "b" }] },
    { deep: nested(64) },
  ];
  for (const fields of good) {
    assert.equal(findMessageFault({ ...MESSAGE, ...fields }), undefined, JSON.stringify(fields));
  }
});

/** An array in an array and so on, `depth` of them. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

test("findMessageFault says what is wrong", () => {
  const own = { received: 1, time: 0, time_range: 60 };
  const receiver = "a receiver has neither a received time nor that with its own range";
  const wrong: (readonly [fields: object, fault: string])[] = [
    [{ command: 1 }, `"command" is not a string`],
    [{ params: "x" }, `"params" is not a list of strings`],
    [{ params: ["x", 1] }, `"params" is not a list of strings`],
    [{ sender: 1 }, `"sender" is not a string or null`],
    [{ user: undefined }, `"user" is not a string or null`],
    [{ user: 1 }, `"user" is not a string or null`],
    [{ host: {} }, `"host" is not a string or null`],
    [{ tags: "x" }, `"tags" is not an object of strings or null`],
    [{ tags: [] }, `"tags" is not an object of strings or null`],
    [{ tags: { a: "1", b: 1 } }, `"tags" is not an object of strings or null`],
    [{ time: "1" }, `"time" is not a number`],
    [{ time: NaN }, `"time" is not a number`],
    [{ time_range: "1" }, `"time_range" is not a number`],
    [{ time_range: Infinity }, `"time_range" is not a number`],
    [{ time: -0.5 }, `"time" is not in [0, ${END_S}): -0.5`],
    [{ time: END_S }, `"time" is not in [0, ${END_S}): ${END_S}`],
    [{ time_range: -0.5 }, `"time_range" is not in [0, 60]: -0.5`],
    [{ time_range: 60.000001 }, `"time_range" is not in [0, 60]: 60.000001`],
    [{ receivers: null }, `"receivers" is not an object`],
    [{ receivers: [1] }, `"receivers" is not an object`],
    [{ receivers: {} }, `"receivers" is empty`],
    [{ receivers: { a: 1, b: Infinity } }, `a received time is not finite`],
    [{ receivers: { a: "1" } }, receiver],
    [{ receivers: { a: null } }, receiver],
    [{ receivers: { a: { received: 1, time: 0 } } }, receiver],
    [{ receivers: { a: { ...own, more: 1 } } }, receiver],
    [{ receivers: { a: { ...own, received: "1" } } }, `"received" is not a number`],
    [{ receivers: { a: { ...own, received: NaN } } }, `"received" is not a number`],
    [
      { receivers: { a: { ...own, time: -1 } } },
      `of a receiver, "time" is not in [0, ${END_S}): -1`,
    ],
    [
      { receivers: { a: { ...own, time_range: 61 } } },
      `of a receiver, "time_range" is not in [0, 60]: 61`,
    ],
    [{ x: nested(65) }, `field "x" nests deeper than 64 or holds no finite number`],
    [{ x: { a: [NaN] } }, `field "x" nests deeper than 64 or holds no finite number`],
    [{ x: Infinity }, `field "x" nests deeper than 64 or holds no finite number`],
  ];
  for (const [fields, fault] of wrong) {
    assert.equal(findMessageFault({ ...MESSAGE, ...fields }), fault, JSON.stringify(fields));
  }
  for (const value of [null, 1, "x", [], undefined]) {
    assert.equal(findMessageFault(value), "not an object");
  }
  for (const field of Object.keys(MESSAGE)) {
    const { [field]: _, ...rest } = MESSAGE;
    assert.equal(findMessageFault(rest), `field "${field}" is missing`);
    assert.equal(findMessageFault(Object.create(MESSAGE)), `field "command" is missing`);
  }
});

test("encodeBatch sorts by time, range and text, and decodeBatch reads it", () => {
  const messages = [
    { ...MESSAGE, params: ["2"], time: 5, time_range: 1 },
    { ...MESSAGE, params: ["1"], time: 5, time_range: 1 },
    { ...MESSAGE, params: ["3"], time: 5, time_range: 0 },
    { ...MESSAGE, params: ["4"], time: 4, time_range: 60 },
  ];
  const bytes = encodeBatch(messages);
  assert.deepEqual(decodeBatch(bytes).map(({ params }) => params[0]), ["4", "3", "1", "2"]);
  assert.deepEqual(encodeBatch([]), new Uint8Array());
  assert.throws(() => encodeBatch([{ ...MESSAGE, time: -1 }]), TypeError);
});

test("encodeBatch writes receivers in order of code point, with their own ranges", () => {
  const receivers = {
    "\u{1f600}": 1,
    "\uff21": { received: 2, time: 3, time_range: 0 },
    b: { received: 2, time: 3, time_range: 1.5 },
  };
  const [line] = splitBatch(encodeBatch([{ ...MESSAGE, receivers }]));
  const list = `{"b":{"received":2.0,"time":3.0,"time_range":1.5},` +
    `"\\uff21":{"received":2.0,"time":3.0,"time_range":0.0},"\\ud83d\\ude00":1.0}`;
  assert.ok(line!.includes(`"receivers":${list},"sender"`), line);
  assert.ok(line!.endsWith(`"time":1785587645.25,"time_range":1.0,"user":"u"}`), line);
});

test("splitBatch gives lines without line feeds, and the number of a line that is not UTF-8", () => {
  const split = (text: string): string[] => splitBatch(new TextEncoder().encode(text));
  assert.deepEqual(split(""), []);
  assert.deepEqual(split("\n"), [""]);
  assert.deepEqual(split("a"), ["a"]);
  assert.deepEqual(split("a\nb\n"), ["a", "b"]);
  assert.deepEqual(split("a\n\n"), ["a", ""]);
  assert.deepEqual(split("\ufeffa"), ["\ufeffa"]);
  for (const [bytes, line] of [[[0xff], 1], [[0x61, 0x0a, 0x0a, 0x61, 0xff, 0x0a], 3]] as const) {
    assert.throws(() => splitBatch(Uint8Array.from(bytes)), { name: "BatchSyntaxError", line });
  }
});

test("decodeBatch names the line that is no message", () => {
  const good = new TextDecoder().decode(encodeBatch([MESSAGE]));
  const fault = (text: string) => () => decodeBatch(new TextEncoder().encode(text));
  assert.throws(fault(`${good}x\n`), { name: "BatchSyntaxError", line: 2, reason: "not JSON" });
  assert.throws(fault("[]\n"), { name: "BatchSyntaxError", line: 1, reason: "not an object" });
});

test("contentOf writes what contentOfFields writes, tags in order or not", () => {
  const { receivers: _r, time: _t, time_range: _tr, ...content } = MESSAGE;
  for (
    const fields of [
      {},
      { host: null, sender: null, user: null, tags: null, params: [] },
      { tags: {} },
      { tags: { a: "1", b: "2" } },
      { tags: { b: "1", a: "2" } },
      { tags: { a: "1", "é": "2", b: 'q"' } },
      { tags: { "\u{1f600}": "1", "\uff21": "2" } },
      { tags: { "\uff21": "1", "\u{1f600}": "2" } },
      { params: ['"', "\\", "é"], command: "X", sender: "é" },
    ]
  ) {
    const message = { ...content, ...fields };
    const expected = contentOfFields({ ...MESSAGE, ...fields });
    assert.deepEqual(contentOf(message), expected, JSON.stringify(fields));
    const isPlain = /^[ !#-[\]-~]*$/.test(JSON.stringify(fields).replace(/[{}\[\]":,\\]/g, ""));
    const isPlainText = isPlain && !JSON.stringify(fields).includes("\\");
    if (isPlainText) assert.deepEqual(contentOf(message, { isPlain: true }), expected);
  }
});

test("contentOfFields keeps unknown fields where they sort, and leaves out what is undefined", () => {
  const { a, b, c, d } = contentOfFields({
    ...MESSAGE,
    aa: [1],
    gone: undefined,
    s: 1,
    time_a: 2,
    z: null,
  });
  assert.ok(a.startsWith(`{"aa":[1],"command":`), a);
  assert.ok(b.startsWith(`,"s":1,"sender":`), b);
  assert.equal(c, `,"time_a":2,"time_range":`);
  assert.equal(d, `,"user":"u","z":null}`);
  const pieces = { a: "1", b: "2", c: "3", d: "4" };
  assert.equal(contentKey(pieces), "1\n2\n3\n4");
});

test("sentUs reads up to 13 digits below the end of time, and nothing else", () => {
  const sent = (value: string): number | undefined => sentUs({ "tmi-sent-ts": value });
  assert.equal(sent("0"), 0);
  assert.equal(sent("1785587645678"), 1_785_587_645_678_000);
  assert.equal(sent("0000000000019"), 19_000);
  assert.equal(sent("4294967295999"), 4_294_967_295_999_000);
  for (
    const value of ["", "4294967296000", "9999999999999", "00000000000000", "1:", "1/", "-1", "1.5"]
  ) {
    assert.equal(sent(value), undefined, value);
  }
  assert.equal(sentUs(null), undefined);
  assert.equal(sentUs({}), undefined);
  assert.equal(sentUs(Object.create({ "tmi-sent-ts": "1" })), undefined);
});

test("formatText writes one line, whatever the command", () => {
  const format = (fields: Partial<Message>): string => formatText({ ...MESSAGE, ...fields });
  const when = "[2026-08-01T12:34:05.250Z]";
  const exact = { time_range: 0 };
  assert.equal(format(exact), `${when} <s> hi`);
  assert.equal(format({}), `[~2026-08-01T12:34:05.250Z] <s> hi`);
  assert.equal(format({ ...exact, tags: { "display-name": "Ada" } }), `${when} <Ada> hi`);
  assert.equal(format({ ...exact, tags: { "display-name": "" }, sender: null }), `${when} <?> hi`);
  const action = ["#c", "\u0001ACTION waves\nback\u0001"];
  assert.equal(format({ ...exact, params: action }), `${when} * s waves\\u000aback`);
  assert.equal(format({ ...exact, params: ["#c", "\u0001ACTION waves"] }), `${when} * s waves`);
  assert.equal(format({ ...exact, params: ["#c", "x \u001b"] }), `${when} <s> x \\u001b`);
  const notice = { ...exact, command: "USERNOTICE", tags: { "system-msg": "ada subscribed" } };
  assert.equal(format({ ...notice, params: ["#c"] }), `${when} * ada subscribed`);
  assert.equal(format(notice), `${when} * ada subscribed: <s> hi`);
  assert.equal(format({ ...notice, tags: { "msg-id": "sub" } }), `${when} * sub: <s> hi`);
  assert.equal(format({ ...notice, tags: null, params: ["#c"] }), `${when} * `);
  assert.equal(format({ ...exact, command: "JOIN", params: ["#c"] }), `${when} JOIN s`);
  assert.equal(
    format({ ...exact, command: "CLEARCHAT", params: ["#c", "a", "b"] }),
    `${when} CLEARCHAT s a b`,
  );
});
