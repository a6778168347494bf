import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFigure, isReached } from "../bench/bench_row.ts";
import { writeReport } from "../../tools/bench_report.ts";

const ROW = { name: "verify", figure: 1.234, unit: "× sha256sum", atMost: 2 };
const MERGE = { name: "merge", circumstances: "one day", rows: [ROW] };

test("a report has a row for each figure, and says which fall short", () => {
  const rows = [ROW, { ...ROW, name: "settle", figure: 12.34 }, {
    name: "memory",
    figure: 301.4,
    unit: "MB",
  }];
  const report = writeReport("", [{ ...MERGE, rows }]);
  assert.match(report, /^# Benchmarks\n/);
  assert.match(report, /\n## merge\n\none day\.\n\n\| What \|/);
  assert.match(report, /\n\| verify \| 1\.23 \| × sha256sum \| ≤ 2 \| ok \|\n/);
  assert.match(report, /\n\| settle \| 12\.3 \| × sha256sum \| ≤ 2 \| \*\*short\*\* \|\n/);
  assert.match(report, /\n\| memory \| 301 \| MB \| {2}\| {2}\|\n/);
});

test("a report keeps the sections of benches that were not run, in the order of their names", () => {
  const parse = { name: "parse", circumstances: "another day", rows: [ROW] };
  const before = writeReport("", [parse, MERGE]);
  const after = writeReport(before, [{ ...MERGE, circumstances: "today" }]);
  assert.deepEqual([...after.matchAll(/^## (.*)/gm)].map(([, name]) => name), ["merge", "parse"]);
  assert.match(after, /today\./);
  assert.doesNotMatch(after, /one day\./);
  assert.match(after, /another day\./);
  assert.equal(writeReport(after, [{ ...MERGE, circumstances: "today" }]), after);
});

test("a row is reached when its figure is on the asked side", () => {
  assert.equal(isReached(ROW), true);
  assert.equal(isReached({ ...ROW, figure: 2.01 }), false);
  assert.equal(isReached({ name: "parse", figure: 2.9, unit: "×", atLeast: 3 }), false);
  assert.equal(isReached({ name: "parse", figure: 3, unit: "×", atLeast: 3 }), true);
  assert.equal(isReached({ name: "parse", figure: 3, unit: "×" }), undefined);
  assert.equal(isReached({ ...ROW, figure: NaN }), false);
});

test("a figure has the digits that it deserves", () => {
  assert.deepEqual([0.4321, 12.34, 301.4].map(formatFigure), ["0.43", "12.3", "301"]);
});
