import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryUnsettled } from "../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { collect } from "../../../src/async/collect.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import { WorkerWorld } from "../../engine/remote/worker/worker_world.ts";
import { filesOf, type SmallSighting } from "../settle/settle_world.ts";

const said: SmallSighting[] = [0, 1].map((content) => ({
  ...{ content, isExact: true, receiver: 1, receivedS: 10, startS: 10, lengthS: 0 },
}));

test("what a worker stored and did not settle before its machine was gone is settled by those that stay", async () => {
  const world = new WorkerWorld();
  const [notes, own] = [memoryUnsettled(), memoryUnsettled()];
  let left = memoryUnsettled();
  await world.run(async () => {
    const sender = world.sender();
    // What it holds of the archive's lock ends with it.
    const lock = inProcessLock(memoryStore());
    const gone = world.worker({ settles: true, unsettled: notes, lock });
    await world.clock.sleep(5_000);
    const stays = world.worker({
      settles: true,
      unsettled: { ...own, takeOver: () => left.takeOver() },
    });
    await Promise.all(
      said.flatMap((each) => [...filesOf([each])]).map(([key, bytes]) => sender.put(key, bytes)),
    );
    await gone.kill();
    left = notes.next();
    assert.equal((await collect(world.store.list(""))).length, 2);
    await world.clock.sleep(120_000);
    assert.equal((await collect(world.store.list(""))).length, 1);
    await sender.close();
    await stays.stop();
  });
});
