import assert from "node:assert/strict";
import test from "node:test";
import process from "node:process";
import fc from "fast-check";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { readBatch } from "../../src/core/merge/read_batch.ts";
import { goldenBatches, goldenMissing } from "../golden/golden_batches.ts";
import { batches } from "./colliding.ts";
import { mergePlainly } from "./plain_merge.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

type Bytes = Uint8Array;

/** Cases in all; the long run has a million. */
const RUNS = Number(process.env["LAWS_RUNS"] ?? 4_000);

function merge(...batches: Bytes[]): Bytes {
  return mergeBatches(batches);
}

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

const laws: Record<string, (a: Bytes, b: Bytes, c: Bytes) => [Bytes, Bytes]> = {
  commutative: (a, b) => [merge(a, b), merge(b, a)],
  associative: (a, b, c) => [merge(merge(a, b), c), merge(a, merge(b, c))],
  flat: (a, b, c) => [merge(merge(a, b), c), merge(c, a, b)],
  "what the design says": (a, b, c) => [merge(a, b, c), mergePlainly([a, b, c])],
  idempotent: (a) => [merge(a, a), merge(a)],
  absorbing: (a, b) => [merge(merge(a, b), b, a), merge(a, b)],
  "read back as written": (a, b) => [readBatch(merge(a, b)).encode(), merge(a, b)],
  "the same by minutes": (
    a,
    b,
  ) => [merge(...readBatch(merge(a, b)).encodeMinutes().values()), merge(a, b)],
};

const foreign = goldenMissing
  ? []
  : goldenBatches().flatMap(({ bytes }) => text(bytes).trim().split("\n"))
    .filter((line, i) => !line.includes("tmi-sent-ts") || i % 20 === 0);
const any = batches(LAWS_SEED, { foreign });

/** Runs a property on three batches so often; its failure says how to replay it. */
function holds(numRuns: number, check: (a: Bytes, b: Bytes, c: Bytes) => void): void {
  try {
    fc.assert(fc.property(any, any, any, check), { numRuns: Math.ceil(numRuns), seed: LAWS_SEED });
  } catch (cause) {
    throw new Error(`replay with LAWS_SEED=${LAWS_SEED} LAWS_RUNS=${RUNS}`, { cause });
  }
}

const names = Object.keys(laws);

for (const name of names) {
  test(`mergeBatches is ${name}`, () => {
    holds(RUNS / names.length, (a, b, c) => {
      const [left, right] = laws[name]!(a, b, c);
      if (left.length !== right.length || left.some((byte, i) => byte !== right[i])) {
        assert.equal(text(left), text(right));
      }
    });
  });
}

test("SightingSet knows after a merge all that went in, and nothing else", () => {
  holds(RUNS / 10, (a, b) => {
    const both = readBatch(merge(a, b));
    const joined = readBatch(a);
    joined.addAll(readBatch(b));
    assert.ok(both.includes(readBatch(a)) && both.includes(readBatch(b)));
    assert.ok(both.includes(joined) && joined.includes(both));
    const alone = readBatch(a);
    assert.equal(alone.includes(both), text(alone.encode()) === text(both.encode()));
  });
});
