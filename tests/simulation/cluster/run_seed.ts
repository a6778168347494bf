import { assertConverged, type Convergence } from "./assert_converged.ts";
import { ClusterWorld } from "./cluster_world.ts";
import type { Bug } from "./node_process.ts";
import assert from "node:assert/strict";

/** Lives through one seed, from trouble to peace, and checks what came of it. */
export async function runSeed(seed: string, bug: Bug = {}): Promise<Convergence> {
  const world = new ClusterWorld({ seed, bug });
  try {
    await lived(world, bug);
    const convergence = await assertConverged(world);
    for (const node of world.nodes) {
      const { written, deleted } = await node.settleAll();
      assert.deepEqual({ written, deleted }, { written: 0, deleted: 0 }, "settled is settled");
    }
    return convergence;
  } finally {
    world.end();
  }
}

async function lived(world: ClusterWorld, bug: Bug): Promise<void> {
  const takeOut = bug.plant?.();
  try {
    await world.trouble();
    await world.calm();
    for (const node of world.nodes) await node.assertNothingLost();
    await world.exchangeAll({ isSettling: true });
    await world.exchangeAll({ isSettling: false });
    for (const node of world.nodes) await node.settleAll();
  } finally {
    takeOut?.();
  }
}
