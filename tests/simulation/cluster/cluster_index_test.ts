import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { sqliteIndex } from "../../../src/adapters/sqlite/sqlite_index.ts";
import { HourStamps } from "../../../src/engine/index/hour_stamps.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import { ClusterWorld } from "./cluster_world.ts";
import type { Bug } from "./node_process.ts";

// A few in every run. SIM_INDEX_SEEDS=300 for many, SIM_SEED=… to replay one.
const SEED_COUNT = Number(process.env["SIM_INDEX_SEEDS"] ?? 2);
const REPLAYED = process.env["SIM_SEED"];
const SEEDS = REPLAYED === undefined
  ? Array.from({ length: SEED_COUNT }, (_, i) => `indexed ${i}`)
  : [REPLAYED];

const CANARY_SEEDS_MAX = 25;

/** Indexes by SQLite, each in a folder of its own; in memory where the runtime has no SQLite. */
function indexesOnDisk() {
  const root = mkdtempSync(join(tmpdir(), "chatloom-cluster-index-"));
  const indexes: ChatIndex[] = [];
  return {
    newIndex() {
      const index = sqliteIndex(join(root, `${indexes.length}`)) ?? memoryIndex();
      indexes.push(index);
      return index;
    },
    async drop() {
      for (const index of indexes) await index.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** Lives through one seed; nodes are asked meanwhile. */
async function liveThrough(
  seed: string,
  bug: Bug = {},
  newIndex?: () => ChatIndex,
): Promise<ClusterWorld> {
  const world = new ClusterWorld({
    ...{ seed, bug, isIndexed: true },
    ...newIndex === undefined ? {} : { newIndex },
  });
  const takeOut = bug.plant?.();
  try {
    await world.trouble();
    return world;
  } finally {
    takeOut?.();
    await world.calm();
    world.end();
  }
}

test("a node with an index answers as one without, at any moment of a cluster under all faults", async () => {
  const failed: string[] = [];
  let [moments, questions, knownHours, redactions] = [0, 0, 0, 0];
  const onDisk = indexesOnDisk();
  for (const [i, seed] of SEEDS.entries()) {
    try {
      const { asked, promised } = await liveThrough(
        seed,
        {},
        i % 2 === 0 ? onDisk.newIndex : undefined,
      );
      moments += asked.moments;
      questions += asked.questions;
      knownHours += asked.knownHours;
      redactions += promised.length;
    } catch (error) {
      failed.push(seed);
      console.log(`Seed "${seed}" failed: ${error instanceof Error ? error.stack : error}`);
      console.log(`Replay with SIM_SEED="${seed}" deno task test tests/simulation/cluster`);
    }
  }
  await onDisk.drop();
  console.log(
    `${SEEDS.length} clusters, ${redactions} redactions: ${questions} questions at ${moments} moments, ` +
      `${knownHours} times an hour known to an index`,
  );
  assert.deepEqual(failed, []);
  assert.ok(questions > 100 * SEEDS.length, "hardly anything was asked");
  assert.ok(knownHours >= 5 * SEEDS.length, "hardly any hour was indexed");
});

/** Mistakes that an implementer could make. */
const INDEX_BUGS: { readonly [name: string]: Bug } = {
  "an index that takes hours for unchanged whose files changed": {
    plant() {
      const { unchanged } = HourStamps.prototype;
      HourStamps.prototype.unchanged = (_channel, hours) =>
        Promise.resolve(hours.map((hour) => ({ ...hour, looksSame: true })));
      return () => void (HourStamps.prototype.unchanged = unchanged);
    },
  },
  "an index that does not look at redactions": {
    plant() {
      const { orders } = HourStamps.prototype;
      HourStamps.prototype.orders = () => Promise.resolve("");
      return () => void (HourStamps.prototype.orders = orders);
    },
  },
};

for (const [name, bug] of Object.entries(INDEX_BUGS)) {
  test(`the simulation finds ${name}`, async () => {
    for (let i = 0; i < CANARY_SEEDS_MAX; i++) {
      try {
        await liveThrough(`canary ${i}`, bug);
      } catch (error) {
        // Found by what it breaks, not by breaking the world.
        assert.ok(error instanceof assert.AssertionError, String(error));
        return;
      }
    }
    assert.fail(`not found in ${CANARY_SEEDS_MAX} seeds`);
  });
}
