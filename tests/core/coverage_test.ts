import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COVERAGE_MAX_BYTES,
  encodeCoverage,
  joinSpans,
  mergeCoverage,
  parseCoverage,
} from "../../src/core/coverage/coverage.ts";
import { parseHour } from "../../src/core/archive/archive_key.ts";

const HOUR = "2026-08-01T12";
const HOUR_US = parseHour(HOUR)!;

function parse(text: string) {
  return parseCoverage(new TextEncoder().encode(text));
}

test("joinSpans joins what meets or touches, and drops what is empty", () => {
  assert.deepEqual(joinSpans([]), []);
  assert.deepEqual(joinSpans([[0, 5], [6, 9]]), [[0, 5], [6, 9]]);
  assert.deepEqual(joinSpans([[0, 5], [5, 9]]), [[0, 9]]);
  assert.deepEqual(joinSpans([[5, 9], [0, 6]]), [[0, 9]]);
  assert.deepEqual(joinSpans([[0, 9], [2, 3], [9, 10]]), [[0, 10]]);
  assert.deepEqual(joinSpans([[3, 3], [5, 4], [7, 8]]), [[7, 8]]);
  const spans = [[0, 5], [3, 9]] as const;
  joinSpans(spans);
  assert.deepEqual(spans, [[0, 5], [3, 9]], "what it is given stays as it is");
});

test("mergeCoverage leaves out a receiver that did not listen", () => {
  const merged = mergeCoverage([new Map([["a", [[0, 5]]]]), new Map([["a", [[5, 6]]], ["b", []]])]);
  assert.deepEqual([...merged], [["a", [[0, 6]]]]);
});

test("encodeCoverage writes receivers in order of code point", () => {
  const coverage = new Map(
    [["b", [[0, 1]]], ["\u{1f600}", [[0, 1]]], ["\uff21", [[0, 1]]]] as const,
  );
  assert.equal(
    new TextDecoder().decode(encodeCoverage(HOUR_US, coverage)),
    `{"hour":"${HOUR}","listened":{"b":[[0,1]],"\\uff21":[[0,1]],"\\ud83d\\ude00":[[0,1]]}}\n`,
  );
});

test("parseCoverage says what is wrong with a file", () => {
  const file = (listened: string, hour = `"${HOUR}"`): string =>
    `{"hour":${hour},"listened":${listened}}\n`;
  const longest = "x".repeat(256);
  const good = [`{"a":[[0,3600]]}`, `{"${longest}":[[0,1]]}`, `{"a":[[0,1],[2,3]],"b":[[0,1]]}`];
  for (const listened of good) assert.ok(parse(file(listened)).ok, listened);
  const bad: [text: string, reason: string][] = [
    ["x", "not JSON"],
    ["null\n", "not an object"],
    ["1\n", "not an object"],
    ["[]\n", "not an object"],
    [file(`{"a":[[0,1]]}`, "1"), `"hour" is no hour`],
    [file(`{"a":[[0,1]]}`, `"2026-02-30T12"`), `"hour" is no hour`],
    [file("null"), `"listened" is not an object`],
    [file("[]"), `"listened" is not an object`],
    [file("{}"), "it knows no receiver"],
    [file(`{"":[[0,1]]}`), "no receiver's id"],
    [file(`{"${longest}x":[[0,1]]}`), "no receiver's id"],
    [file(`{"a":{}}`), `"a" has no list of spans`],
    [file(`{"a":[]}`), `"a" has no list of spans`],
    [file(`{"a":[1]}`), `"a" has no list of spans`],
    [file(`{"a":[[0]]}`), `"a" has no list of spans`],
    [file(`{"a":[[0,1,2]]}`), `"a" has no list of spans`],
    [file(`{"a":[[-1,1]]}`), `"a" has no list of spans`],
    [file(`{"a":[[0,3601]]}`), `"a" has no list of spans`],
    [file(`{"a":[[0,0.5]]}`), `"a" has no list of spans`],
    [file(`{"a":[[0,"1"]]}`), `"a" has no list of spans`],
    [file(`{"a":[[0,1],[1,2]]}`), "not canonical"],
    [file(`{"a":[[2,3],[0,1]]}`), "not canonical"],
    [file(`{"b":[[0,1]],"a":[[0,1]]}`), "not canonical"],
    [file(`{"a":[[0,1]]}`).trim(), "not canonical"],
    [file(`{"a":[[0,2]]}`).replace("[0,2]", "[1,1]"), "not canonical"],
  ];
  for (const [text, reason] of bad) assert.deepEqual(parse(text), { ok: false, reason }, text);
  assert.deepEqual(parseCoverage(Uint8Array.of(0x22, 0xff, 0x22)), {
    ok: false,
    reason: "not JSON",
  });
});

test("parseCoverage reads no more than 4 MiB", () => {
  const bytes = new Uint8Array(COVERAGE_MAX_BYTES).fill(0x20);
  assert.deepEqual(parseCoverage(bytes), { ok: false, reason: "not JSON" });
  const longer = parseCoverage(new Uint8Array(COVERAGE_MAX_BYTES + 1).fill(0x20));
  assert.deepEqual(longer, { ok: false, reason: "longer than 4194304 bytes" });
});
