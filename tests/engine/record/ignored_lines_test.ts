import assert from "node:assert/strict";
import { test } from "node:test";
import { IgnoredLines } from "../../../src/engine/record/ignored_lines.ts";

test("IgnoredLines names 64 commands of up to 32 signs, once each", () => {
  const told: string[] = [];
  const counted: string[] = [];
  const ignored = new IgnoredLines({
    report: (severity, _message, fields) => void told.push(`${severity} ${fields?.["command"]}`),
    count: (_name, labels) => void counted.push(labels?.["command"] ?? ""),
  });
  for (const command of ["PING", "PING", "HELLO", "X".repeat(33), "X".repeat(32)]) {
    ignored.countCommand(command);
  }
  assert.deepEqual(told, ["debug PING", "info HELLO", `info ${"X".repeat(32)}`]);
  assert.deepEqual(counted.splice(0), ["PING", "PING", "HELLO", "other", "X".repeat(32)]);
  for (let i = 0; i < 61; i++) ignored.countCommand(`A${i}`);
  assert.equal(told.length, 64);
  counted.length = 0;
  for (const command of ["A60", "A61", "PING"]) ignored.countCommand(command);
  assert.deepEqual(counted, ["A60", "other", "PING"]);
  assert.equal(told.length, 64);
});
