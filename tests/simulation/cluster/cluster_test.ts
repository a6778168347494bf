import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { BUGS } from "./bugs.ts";
import { FAILED_SEEDS } from "./failed_seeds.ts";
import { runSeed } from "./run_seed.ts";

// A few in every run. SIM_SEEDS=1000 for the whole, SIM_SEED=… to replay one.
const SEED_COUNT = Number(process.env["SIM_SEEDS"] ?? 4);
const REPLAYED = process.env["SIM_SEED"];
const SEEDS = REPLAYED === undefined
  ? [...FAILED_SEEDS, ...Array.from({ length: SEED_COUNT }, (_, i) => `cluster ${i}`)]
  : [REPLAYED];

const CANARY_SEEDS_MAX = 25;

test("a cluster ends with all that any node heard and no redaction covers, under all faults", async () => {
  const startedMs = performance.now();
  const failed: string[] = [];
  let [lines, redactions] = [0, 0];
  for (const seed of SEEDS) {
    try {
      const came = await runSeed(seed);
      lines += came.lines;
      redactions += came.redactions;
    } catch (error) {
      failed.push(seed);
      console.log(`Seed "${seed}" failed: ${error instanceof Error ? error.stack : error}`);
      console.log(`Replay with SIM_SEED="${seed}" deno task test tests/simulation/cluster`);
    }
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`${SEEDS.length} clusters: ${lines} lines, ${redactions} redactions, ${seconds} s`);
  assert.deepEqual(failed, []);
  assert.ok(lines > 100 * SEEDS.length, "hardly anything was recorded");
});

for (const [name, bug] of Object.entries(BUGS)) {
  test(`the simulation finds ${name}`, async () => {
    for (let i = 0; i < CANARY_SEEDS_MAX; i++) {
      try {
        await runSeed(`canary ${i}`, bug);
      } catch (error) {
        // Found by what it breaks, not by breaking the world.
        assert.ok(error instanceof assert.AssertionError, String(error));
        return;
      }
    }
    assert.fail(`not found in ${CANARY_SEEDS_MAX} seeds`);
  });
}
