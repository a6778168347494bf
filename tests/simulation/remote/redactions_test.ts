import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { WorkerWorld } from "../../engine/remote/worker/worker_world.ts";
import {
  contentsOf,
  filesOf,
  readAll,
  redactionFile,
  type SmallSighting,
} from "../settle/settle_world.ts";

const said: SmallSighting[] = [0, 1].map((content) => ({
  ...{ content, isExact: true, receiver: 1, receivedS: 10, startS: 10, lengthS: 0 },
}));

/** Whether a reader of the archive is given the message with this id. */
async function isRead({ store }: WorkerWorld, id: number): Promise<boolean> {
  return [...(await readAll(store)).values()].some((text) => text.includes(`"id":"${id}"`));
}

/** Whether a batch of the archive holds the message with this id. */
async function isHeld({ store }: WorkerWorld, id: number): Promise<boolean> {
  const files = [...await contentsOf(store)].filter(([key]) => key.includes("/chat/"));
  return files.some(([, text]) => text.includes(`"id":"${id}"`));
}

async function put(
  put: (key: ArchiveKey, bytes: Uint8Array) => Promise<void>,
  files: Iterable<readonly [ArchiveKey, Uint8Array]>,
) {
  for (const [key, bytes] of files) await put(key, bytes);
}

test("a redaction through the workers holds for readers when it is stored, and is settled by them", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const [sender, worker] = [world.sender(), world.worker({ settles: true })];
    await put((key, bytes) => sender.put(key, bytes), filesOf(said));
    assert.deepEqual([await isRead(world, 0), await isRead(world, 1)], [true, true]);
    await put((key, bytes) => sender.put(key, bytes), [await redactionFile("0")]);
    assert.deepEqual([await isRead(world, 0), await isRead(world, 1)], [false, true]);
    await world.clock.sleep(10_000);
    assert.deepEqual([await isHeld(world, 0), await isHeld(world, 1)], [false, true]);
    await sender.close();
    await worker.stop();
  });
});

test("a redaction straight into the store holds for what comes late through the broker", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const sender = world.sender();
    await put((key, bytes) => world.store.put(key, bytes), [await redactionFile("0")]);
    const putting = put((key, bytes) => sender.put(key, bytes), filesOf(said));
    await world.clock.sleep(20_000); // It waits at the broker.
    const worker = world.worker({ settles: true });
    await putting;
    assert.deepEqual([await isRead(world, 0), await isRead(world, 1)], [false, true]);
    await world.clock.sleep(10_000);
    assert.deepEqual([await isHeld(world, 0), await isHeld(world, 1)], [false, true]);
    await sender.close();
    await worker.stop();
  });
});
