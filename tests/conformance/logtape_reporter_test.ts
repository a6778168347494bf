import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Counters } from "../../src/adapters/metrics/counters.ts";
import { logtapeReporter, writeLog } from "../../src/adapters/log/logtape_reporter.ts";

let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

test("writeLog writes readable text: time, level, message, fields", () => {
  writeLog((line) => lines.push(line), { level: "info", format: "text" });
  const reporter = logtapeReporter();
  reporter.report("warning", "Cannot join a channel", { channel: "forsen", reason: "a b", n: 3 });
  reporter.report("debug", "Too quiet to be written");
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z WARNING Cannot join a channel channel=forsen reason="a b" n=3\n$/,
  );
});

test("writeLog writes JSON for programs, one object a line", () => {
  writeLog((line) => lines.push(line), { level: "debug", format: "json" });
  logtapeReporter().report("error", "Lost", { bytes: 12, isLate: true, gone: undefined });
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.deepEqual(rest, { level: "error", message: "Lost", bytes: 12, isLate: true });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  assert.ok(lines[0]!.endsWith("}\n"));
});

test("writeLog lets no field forge a line, a field of its own or a terminal's commands", () => {
  const hostile = "x\n2026-01-01T00:00:00Z ERROR forged \u001b[2J\u009b2J\u202e \u2028";
  for (const format of ["text", "json"] as const) {
    lines = [];
    writeLog((line) => lines.push(line), { level: "info", format });
    logtapeReporter().report("info", "Heard {from} someone", { text: hostile, time: hostile });
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^[\u0020-\u007e]*\n$/, lines[0]);
    assert.ok(lines[0]!.includes("Heard {from} someone"), "a brace is no place to fill in");
  }
  const { text, time } = JSON.parse(lines[0]!);
  assert.equal(text, hostile);
  assert.match(time, /^\d{4}/, "a field must not take the record's own place");
});

test("logtapeReporter counts into its counters, by name and labels in any order", () => {
  const counters = new Counters();
  const reporter = logtapeReporter({ counters });
  reporter.count("lines_ignored", { reason: "empty", command: "X" });
  reporter.count("lines_ignored", { command: "X", reason: "empty" }, 4);
  reporter.count("lines_ignored", { reason: "other" });
  reporter.count("frames");
  assert.equal(counters.total("lines_ignored"), 6);
  assert.deepEqual(counters.readings(), [
    { name: "frames", labels: {}, amount: 1 },
    { name: "lines_ignored", labels: { reason: "empty", command: "X" }, amount: 5 },
    { name: "lines_ignored", labels: { reason: "other" }, amount: 1 },
  ]);
});

test("Counters keep a bound on what strangers can name", () => {
  const counters = new Counters();
  for (let i = 0; i < 20_000; i++) counters.count("commands", { command: `X${i}` });
  assert.equal(counters.total("commands"), 20_000, "nothing is left uncounted");
  assert.ok(counters.readings().length <= 10_001);
});
