import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import fc from "fast-check";
import { decodeBatch } from "../../src/core/batch/batch.ts";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { goldenBatches, goldenMissing } from "../golden/golden_batches.ts";
import { batches } from "./colliding.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

/** Cases in all; the long run has 100,000. */
const RUNS = Number(process.env["LAWS_RUNS"] ?? 4_000);

// The reference merges a file with the files of its neighbours, and with copies of itself that have
// another name. What it makes of one of our lines must be that line, or both systems pull, merge and
// delete each other's files for ever.

const foreign = goldenMissing
  ? []
  : goldenBatches().flatMap(({ bytes }) =>
    new TextDecoder().decode(bytes).split("\n").slice(0, -1)
  );

/** The range of two equal messages by the reference: all in doubles. */
function mergeRanges(left: Message, right: Message): Pick<Message, "time" | "time_range"> {
  const time = Math.max(left.time, right.time);
  const end = Math.min(left.time + left.time_range, right.time + right.time_range);
  return { time, time_range: end - time };
}

test(`the ranges of a merged batch are a fixed point of the reference's merge, ${RUNS} cases`, () => {
  fc.assert(
    fc.property(
      fc.array(batches(LAWS_SEED, { foreign }), { minLength: 1, maxLength: 3 }),
      (inputs) => {
        const bytes = mergeBatches(inputs);
        const text = new TextDecoder().decode(bytes);
        for (const match of text.matchAll(/"time(?:_range)?":([^,}]*)/g)) {
          assert.match(match[1]!, /[.e]/, "a time must look like a float");
        }
        for (const message of decodeBatch(bytes)) {
          const { time, time_range } = message;
          if (time < 60) continue; // Doubles are so fine there that a sum need not come back.
          assert.deepEqual(mergeRanges(message, message), { time, time_range });
          for (const own of Object.values(message.receivers)) {
            if (typeof own === "number") continue;
            assert.equal((own.time + own.time_range) - own.time, own.time_range);
          }
        }
      },
    ),
    { numRuns: RUNS, seed: LAWS_SEED },
  );
});
