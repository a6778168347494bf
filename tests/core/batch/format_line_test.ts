import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch, parseMessageLine } from "../../../src/core/batch/batch.ts";
import { contentKey, contentOfFields, contentOfKey } from "../../../src/core/batch/content.ts";
import { formatLine, linePieces } from "../../../src/core/batch/format_line.ts";

const NOON_US = 1785585600_000_000;

/** A message with unknown fields around those that are not its content. */
const FIELDS = {
  command: "JOIN",
  host: null,
  params: ["#forsen"],
  really: [1, { "\u{1f600}": "\n" }],
  sender: "ada",
  tags: null,
  time_of_day: "noon",
  user: "ada",
  receivers: {},
  time: 0,
  time_range: 0,
};

test("formatLine writes receivers by code point, own ranges, and numbers as floats", () => {
  const content = contentOfFields(FIELDS);
  const receivers = [
    { receiver: "\u{1f600}", receivedS: 1785585601 },
    { receiver: "\uff21", receivedS: 1785585600.25 },
    {
      receiver: "b",
      receivedS: -0,
      ownRange: { startUs: NOON_US + 10, endUs: NOON_US + 2_000_010 },
    },
    { receiver: "a\n", receivedS: 1e16, ownRange: { startUs: NOON_US, endUs: NOON_US } },
  ];
  const line = formatLine(content, receivers, { startUs: NOON_US, endUs: NOON_US + 1_500_000 });
  assert.equal(
    line,
    '{"command":"JOIN","host":null,"params":["#forsen"],"really":[1,{"\\ud83d\\ude00":"\\n"}],' +
      '"receivers":{"a\\n":{"received":1e+16,"time":1785585600.0,"time_range":0.0},' +
      '"b":{"received":-0.0,"time":1785585600.00001,"time_range":2.0},' +
      '"\\uff21":1785585600.25,"\\ud83d\\ude00":1785585601.0},' +
      '"sender":"ada","tags":null,"time":1785585600.0,"time_of_day":"noon","time_range":1.5,' +
      '"user":"ada"}',
  );
  assert.equal(new TextDecoder().decode(encodeBatch([parseMessageLine(line, 1)])), `${line}\n`);
});

test("linePieces cuts a line around what is not content", () => {
  const content = contentOfFields(FIELDS);
  const range = { startUs: NOON_US, endUs: NOON_US };
  const [, receivers, , time, , length] = linePieces(
    content,
    [{ receiver: "a", receivedS: 1.5 }],
    range,
  );
  assert.deepEqual([receivers, time, length], ['"a":1.5', "1785585600.0", "0.0"]);
  assert.deepEqual(contentOfKey(contentKey(content)), content);
});
