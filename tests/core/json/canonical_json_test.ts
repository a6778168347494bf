import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  compareCodePoints,
  DEPTH_MAX,
  formatFloat,
  formatSeconds,
  formatString,
  formatValue,
} from "../../../src/core/json/canonical_json.ts";
import type { JsonValue } from "../../../src/core/json/json_value.ts";
import { fromSeconds, TIME_END_US, toSeconds } from "../../../src/core/time.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "json";

test("formatFloat writes what Python's repr writes", () => {
  const written: [number, string][] = [
    [0, "0.0"],
    [-0, "-0.0"],
    [1700000040, "1700000040.0"],
    [0.0001, "0.0001"],
    [0.00005, "5e-05"],
    [1.5e-7, "1.5e-07"],
    [5e-324, "5e-324"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e22, "1e+22"],
    [-2.5e-9, "-2.5e-09"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [1568505653.4699998, "1568505653.4699998"],
  ];
  for (const [value, text] of written) assert.equal(formatFloat(value), text);
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => formatFloat(value), RangeError);
  }
});

test("formatSeconds writes what formatFloat writes, for every microsecond there is", () => {
  const random = seededRandom(SEED);
  const edges = [0, 1, 9, 10, 99, 100, 101, 999_999, 1_000_000, 1_000_001, TIME_END_US - 1];
  const anywhere = Array.from({ length: 100_000 }, () => Math.floor(random.next() * TIME_END_US));
  const early = Array.from({ length: 10_000 }, () => intBelow(random, 3_000_000));
  for (const us of [...edges, ...anywhere, ...early]) {
    assert.equal(formatSeconds(us), formatFloat(toSeconds(us)), `SIM_SEED=${SEED}`);
    assert.equal(fromSeconds(toSeconds(us)), us, `SIM_SEED=${SEED}`);
  }
});

test("compareCodePoints orders as Python does, also where UTF-16 units differ", () => {
  const sorted = ["", "A", "AA", "a", "\ud800", "\uff21", "\u{1f600}", "\u{1f600}a", "\u{1f601}"];
  for (const [i, a] of sorted.entries()) {
    for (const [j, b] of sorted.entries()) {
      assert.equal(Math.sign(compareCodePoints(a, b)), Math.sign(i - j), `${i} ${j}`);
    }
  }
  assert.ok(compareCodePoints("x\ud83d", "x\ud83d\ude00") < 0);
});

test("formatString escapes all but printable ASCII, in lower-case hex", () => {
  assert.equal(formatString('a"\\/\b\f\n\r\t'), '"a\\"\\\\/\\b\\f\\n\\r\\t"');
  assert.equal(formatString("\0\x1f\x7f\xe9\u2028"), '"\\u0000\\u001f\\u007f\\u00e9\\u2028"');
  assert.equal(formatString("\u{1f44b}\ud83d"), '"\\ud83d\\udc4b\\ud83d"');
});

test("formatValue sorts keys at every level and bounds depth", () => {
  const value = { b: [1, null, { z: true, __proto__x: 1.5 }], a: { "\u{1f600}": 1, "\uff21": 2 } };
  assert.equal(
    formatValue(value),
    '{"a":{"\\uff21":2,"\\ud83d\\ude00":1},"b":[1,null,{"__proto__x":1.5,"z":true}]}',
  );
  assert.equal(formatValue(JSON.parse('{"__proto__":1}')), '{"__proto__":1}');
  let deep: JsonValue = 1;
  for (let i = 0; i < DEPTH_MAX; i++) deep = [deep];
  assert.ok(formatValue(deep));
  assert.throws(() => formatValue([deep]), RangeError);
});

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test("formatString and formatFloat agree with Python on random values", {
  skip: hasPython ? false : "python3 is missing",
}, () => {
  const random = seededRandom(SEED);
  const view = new DataView(new ArrayBuffer(8));
  const lines = Array.from({ length: 5_000 }, () => {
    view.setUint32(0, intBelow(random, 2 ** 32));
    view.setUint32(4, intBelow(random, 2 ** 32));
    const number = Number.isFinite(view.getFloat64(0)) ? view.getFloat64(0) : 0.1;
    const units = Array.from({ length: 5 }, () => intBelow(random, 0x10000));
    return `[${formatFloat(number)},${formatString(String.fromCharCode(...units))}]`;
  });
  const script = "import json, sys\n" +
    "for line in sys.stdin.read().split('\\n')[:-1]:\n" +
    "    again = json.dumps(json.loads(line), separators=(',', ':'))\n" +
    "    if again != line: sys.exit(line + ' is not ' + again)\n";
  const input = lines.map((line) => `${line}\n`).join("");
  execFileSync("python3", ["-c", script], { input, stdio: ["pipe", "ignore", "inherit"] });
});
