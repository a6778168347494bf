import assert from "node:assert/strict";
import { test } from "node:test";
import { LineBytes } from "../../../src/core/recording/line_bytes.ts";

const MEBIBYTE = 1_048_576;

function textOf({ bytes, length }: LineBytes): string {
  return new TextDecoder().decode(bytes.subarray(0, length));
}

test("LineBytes.addLine ends each line with a line feed, and keeps those before when it grows", () => {
  const out = new LineBytes();
  const lines = ["", "a", "b".repeat(1_023), "c".repeat(10_000), "d"];
  for (const line of lines) out.addLine(line);
  assert.equal(textOf(out), lines.map((line) => `${line}\n`).join(""));
  assert.equal(out.length, 5 + 1 + 1_023 + 10_000 + 1);
});

test("LineBytes.addLine fills the room that is there before it takes more", () => {
  const out = new LineBytes();
  const { bytes } = out;
  out.addLine("x".repeat(bytes.length - 1));
  assert.equal(out.bytes, bytes);
  assert.equal(textOf(out), `${"x".repeat(bytes.length - 1)}\n`);
  out.addLine("");
  assert.notEqual(out.bytes, bytes);
});

test("LineBytes.reserve leaves room that is enough, and else grows eightfold, or twofold when large", () => {
  const out = new LineBytes();
  const sizeAfter = (count: number): number => {
    out.reserve(count);
    return out.bytes.length;
  };
  assert.equal(sizeAfter(1_024), 1_024);
  assert.equal(sizeAfter(1_025), 8_192);
  assert.equal(sizeAfter(8_193), 65_536);
  assert.equal(sizeAfter(65_537), 131_072);
  assert.equal(sizeAfter(262_145), 262_145); // More than twice as much, and no more than asked for.
  out.length = 262_145;
  assert.equal(sizeAfter(1), 524_290);
});

test("LineBytes.clear keeps memory up to a mebibyte", () => {
  const out = new LineBytes();
  out.reserve(MEBIBYTE);
  const { bytes } = out;
  assert.equal(bytes.length, MEBIBYTE);
  out.addLine("x");
  out.clear();
  assert.deepEqual([out.length, out.bytes === bytes], [0, true]);
  out.addLine("y");
  assert.equal(textOf(out), "y\n");
  out.clear();
  out.reserve(2 * MEBIBYTE);
  out.clear();
  assert.deepEqual([out.length, out.bytes.length], [0, 1_024]);
});
