import assert from "node:assert/strict";
import test from "node:test";
import process from "node:process";
import fc from "fast-check";
import { mergeBatches } from "../../src/core/merge.ts";
import { readBatch } from "../../src/core/read_batch.ts";
import { goldenBatches, goldenMissing } from "../golden/golden_batches.ts";
import { batches } from "./colliding.ts";
import { mergePlainly } from "./plain_merge.ts";

type Bytes = Uint8Array;

const RUNS = Number(process.env["LAWS_RUNS"] ?? 3_000);

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

for (const [name, law] of Object.entries(laws)) {
  test(`mergeBatches is ${name}`, () => {
    const any = batches(foreign);
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const [left, right] = law(a, b, c);
        if (left.length !== right.length || left.some((byte, i) => byte !== right[i])) {
          assert.equal(text(left), text(right));
        }
      }),
      { numRuns: Math.ceil(RUNS / Object.keys(laws).length) },
    );
  });
}

test("SightingSet knows after a merge all that went in, and nothing else", () => {
  const any = batches(foreign);
  fc.assert(
    fc.property(any, any, (a, b) => {
      const both = readBatch(merge(a, b));
      const joined = readBatch(a);
      joined.addAll(readBatch(b));
      assert.ok(both.includes(readBatch(a)) && both.includes(readBatch(b)));
      assert.ok(both.includes(joined) && joined.includes(both));
      const alone = readBatch(a);
      assert.equal(alone.includes(both), text(alone.encode()) === text(both.encode()));
    }),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});
