import assert from "node:assert/strict";
import test from "node:test";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { readBatch } from "../../src/core/merge/read_batch.ts";
import { SightingSet } from "../../src/core/merge/sighting_set.ts";
import { goldenBatches, goldenMissing, withFloatRanges } from "./golden_batches.ts";

function linesOf(batches: readonly Uint8Array[]): string[] {
  const text = batches.map((bytes) => new TextDecoder().decode(bytes)).join("");
  return text.split("\n").slice(0, -1);
}

function isExact(line: string): boolean {
  return line.includes('"tmi-sent-ts":"');
}

function bytesOf(folder: "node-alpha" | "node-beta" | "merged"): Uint8Array[] {
  return goldenBatches(folder).map(({ bytes }) => bytes);
}

test(
  "mergeBatches writes every exact message as the reference does",
  { skip: goldenMissing },
  () => {
    const merged = mergeBatches([...bytesOf("node-alpha"), ...bytesOf("node-beta")]);
    const ours = linesOf([merged]).filter(isExact);
    assert.deepEqual(ours, linesOf(bytesOf("merged")).filter(isExact).map(withFloatRanges));
    assert.ok(ours.length > 200, `only ${ours.length} exact messages were compared`);
  },
);

test("mergeBatches pairs the ranged messages that the reference pairs", {
  skip: goldenMissing,
}, () => {
  const merged = mergeBatches([...bytesOf("node-alpha"), ...bytesOf("node-beta")]);
  const facts = (lines: string[]) =>
    lines.filter((line) => !isExact(line)).map((line) => JSON.parse(line))
      .map(({ time, time_range, receivers, command }) =>
        [command, time, time_range, ...Object.keys(receivers)].join(" ")
      ).sort();
  assert.deepEqual(facts(linesOf([merged])), facts(linesOf(bytesOf("merged"))));
});

test("mergeBatches of a merged file with its inputs changes nothing", {
  skip: goldenMissing,
}, () => {
  const inputs = [...bytesOf("node-alpha"), ...bytesOf("node-beta")];
  const merged = mergeBatches(inputs);
  assert.deepEqual(mergeBatches([merged]), merged);
  assert.deepEqual(mergeBatches([inputs[1]!, merged, ...inputs]), merged);
  for (const bytes of inputs) assert.ok(readBatch(merged).includes(readBatch(bytes)));
});

test("SightingSet.encodeMinutes files every line under its minute", { skip: goldenMissing }, () => {
  const set = new SightingSet();
  for (const bytes of [...bytesOf("node-alpha"), ...bytesOf("node-beta")]) set.add(bytes);
  const minutes = [...set.encodeMinutes()];
  assert.deepEqual(linesOf(minutes.map(([, bytes]) => bytes)), linesOf([set.encode()]));
  for (const [minuteUs, bytes] of minutes) {
    for (const line of linesOf([bytes])) {
      assert.equal(Math.floor(JSON.parse(line).time / 60) * 60_000_000, minuteUs);
    }
  }
});
