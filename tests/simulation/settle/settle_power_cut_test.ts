import assert from "node:assert/strict";
import { test } from "node:test";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { forgetfulDisk } from "../../conformance/disk/forgetful_file_calls.ts";
import { filesOf, filesOfSet, knownBy, settleAll, truthOf } from "./settle_world.ts";

// Midnight is at 180 s: the two stand in two folders, and together in the second. A flush of the first
// says nothing of the second. And removals may survive where new names do not.
const VIEWS = [170, 185].map((startS, receiver) => ({
  content: 0,
  startS,
  lengthS: 30,
  receiver,
  receivedS: startS + 10,
}));

class Killed extends Error {}
class PowerCut extends Error {}

/** Runs `work` and ends the process at its `n`-th step on disk; returns how many steps it made. */
async function endAt(
  disk: ReturnType<typeof forgetfulDisk>,
  n: number,
  { work, error }: { readonly work: () => Promise<unknown>; readonly error: Error },
): Promise<number> {
  let steps = 0;
  disk.onStep = () => {
    if (++steps >= n) throw error;
  };
  await work().catch((cause) => {
    if (steps < n) throw cause;
  });
  disk.onStep = undefined;
  return steps;
}

test("settleArchive stores again what it relies on: a power cut later loses nothing", async () => {
  const truth = truthOf(VIEWS);
  const [[key, bytes]] = [...filesOfSet(truth)] as [[string, Uint8Array]];
  let killedAt = 1;
  for (let isThrough = false; !isThrough; killedAt++) {
    let cutAt = 1;
    for (let isSettled = false; !isSettled; cutAt++) {
      const disk = forgetfulDisk();
      const open = (): BatchStore => fileSystemStore("/archive", { calls: disk.calls });
      for (const view of VIEWS) {
        for (const [name, content] of filesOf([view])) await open().put(name, content);
      }
      disk.keepsRemovals = true;
      // Another process merges the two, and is killed at some step of storing what they make.
      const kill = { work: () => open().put(key, bytes), error: new Killed() };
      isThrough = await endAt(disk, killedAt, kill) < killedAt;
      const cut = { work: () => settleAll(open()), error: new PowerCut() };
      isSettled = await endAt(disk, cutAt, cut) < cutAt;
      disk.cutPower();
      const where = `killed at step ${killedAt}, power cut at step ${cutAt}`;
      assert.ok((await knownBy(open())).includes(truth), where);
    }
    assert.ok(cutAt > 3 && cutAt < 200, `${cutAt} steps of settling`);
  }
  assert.ok(killedAt > 4 && killedAt < 50, `${killedAt} steps of storing`);
});
