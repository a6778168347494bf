import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { SightingSet } from "../../src/core/merge/sighting_set.ts";
import type { Sighting } from "../../src/core/grouping/sighting.ts";

// Every set of up to four sightings of one content on a small grid, and every way to tell it in two
// files. Receivers are alike, so it is enough that each comes first where it appears.

const CONTENT = {
  a: `{"command":"JOIN","host":null,"params":["#c"],"receivers":`,
  b: `,"sender":"s","tags":null,"time":`,
  c: `,"time_range":`,
  d: `,"user":"s"}`,
};

// All of them take minutes; by default only some of the many with three and four.
const STEPS = process.env["LAWS_RUNS"] === undefined ? [1, 1, 7, 97] : [1, 1, 1, 1];
const GRID_S = [59, 60, 61];

const SIGHTINGS: Sighting[] = ["a", "b", "c"].flatMap((receiver) =>
  [1, 2].flatMap((receivedS) =>
    GRID_S.flatMap((startS) =>
      GRID_S.filter((endS) => endS >= startS).map((endS) => ({
        receiver,
        receivedS,
        startUs: startS * 1_000_000,
        endUs: endS * 1_000_000,
      }))
    )
  )
);

function encode(sightings: readonly Sighting[]): Uint8Array {
  const set = new SightingSet();
  for (const sighting of sightings) set.addSighting(CONTENT, { ...sighting, sentUs: undefined });
  return set.encode();
}

/** All sets of `size` sightings; receivers appear in the order of their names. */
function* setsOf(size: number, from = 0): Generator<Sighting[]> {
  if (size === 0) yield [];
  else {
    for (let i = from; i < SIGHTINGS.length; i++) {
      for (const rest of setsOf(size - 1, i + 1)) yield [SIGHTINGS[i]!, ...rest];
    }
  }
}

function usesFirstReceivers(set: readonly Sighting[]): boolean {
  const used = new Set(set.map(({ receiver }) => receiver));
  return used.has("a") && (used.has("b") || !used.has("c"));
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

for (const size of [1, 2, 3, 4]) {
  test(`mergeBatches joins all small cases of ${size} sightings, told in any two files`, () => {
    let count = 0;
    let n = 0;
    for (const set of setsOf(size)) {
      if (!usesFirstReceivers(set) || n++ % STEPS[size - 1]! !== 0) continue;
      const whole = encode(set);
      const fail = (law: string) => assert.fail(`${law}: ${JSON.stringify(set)}`);
      if (!sameBytes(mergeBatches([whole]), whole)) fail("read back as written");
      for (let mask = 0; mask < 1 << (size - 1); mask++) {
        const left = encode(set.filter((_, i) => (mask >> i & 1) === 1));
        const right = encode(set.filter((_, i) => (mask >> i & 1) === 0));
        if (!sameBytes(mergeBatches([left, right]), whole)) fail("joins");
        if (!sameBytes(mergeBatches([right, left, right]), whole)) fail("commutes, repeats");
      }
      count++;
    }
    assert.ok(count > 0);
  });
}
