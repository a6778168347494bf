import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "../../../../src/async/collect.ts";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import {
  deadLetterName,
  putExchange,
  rangeKey,
} from "../../../../src/core/remote/remote_topology.ts";
import { rangeOfChannel } from "../../../../src/core/remote/channel_range.ts";
import { formatRequest } from "../../../../src/core/remote/envelope.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import { awaitedGzip } from "./awaited_gzip.ts";
import { fileOf, WorkerWorld } from "./worker_world.ts";

const CHANNELS = Array.from({ length: 60 }, (_, n) => `channel_${n}`);

/** Publishes what a sender would, changed by `change`. */
async function publishRaw(
  world: WorkerWorld,
  { key, bytes }: { readonly key: string; readonly bytes: Uint8Array },
  { headers = {}, body = bytes }: {
    readonly headers?: { readonly [name: string]: string | number };
    readonly body?: Uint8Array;
  } = {},
): Promise<void> {
  const channel = key.split("/")[0]!;
  const link = await world.broker.connect();
  const all = formatRequest({ method: "put", key, archive: "main", lengthBytes: bytes.length });
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  const message = { exchange: putExchange("main"), routingKey: rangeKey(rangeOfChannel(channel)) };
  assert.equal(await link.publish({ ...message, headers: all, body, messageId: key }), "confirmed");
  await link.close();
}

async function deadReasons(world: WorkerWorld): Promise<string[]> {
  const link = await world.broker.connect();
  const reasons: string[] = [];
  for (;;) {
    const letter = await link.take(deadLetterName("main"));
    if (letter === undefined) break;
    reasons.push(String(letter.headers.get("dead-reason")));
    letter.acknowledge();
  }
  await link.close();
  return reasons;
}

test("Worker stores what is sent, small and compressed, and deletes in order", async () => {
  const { gzip, settle } = awaitedGzip();
  const world = new WorkerWorld({ settle });
  await world.run(async () => {
    const [sender, worker] = [world.sender({ gzip }), world.worker({ gzip })];
    const small = await fileOf("forsen", "hello");
    const large = await fileOf("ada", "chat ".repeat(20_000));
    await Promise.all([small, large].map(({ key, bytes }) => sender.put(key, bytes)));
    assert.deepEqual(await world.store.get(small.key), small.bytes);
    assert.deepEqual(await world.store.get(large.key), large.bytes);
    await sender.delete(small.key);
    assert.equal(await world.store.get(small.key), undefined);
    await sender.close();
    await worker.stop();
  });
  assert.equal(world.counts.get("worker_messages stored"), 3);
});

test("Worker refuses what can never be stored, names why, and goes on", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const worker = world.worker({ archiveId: "mine" });
    const file = await fileOf("forsen", "hello");
    await world.clock.sleep(100);
    await publishRaw(world, file, { body: new TextEncoder().encode("jello") });
    await publishRaw(world, file, { headers: { key: "../../etc/passwd" } });
    await publishRaw(world, file, { headers: { key: (await fileOf("ada", "hello")).key } });
    await publishRaw(world, file, { headers: { v: 2 } });
    await publishRaw(world, file, { headers: { "archive-id": "another" } });
    await publishRaw(world, file);
    await world.clock.sleep(100);
    const reasons = await deadReasons(world);
    assert.equal(reasons.length, 5);
    assert.match(reasons[0]!, /do not have the hash/);
    assert.match(reasons[1]!, /names no file/);
    assert.match(reasons[2]!, /in the queue of range/);
    assert.match(reasons[3]!, /version is 2/);
    assert.match(reasons[4]!, /another archive/);
    assert.deepEqual(await collect(world.store.list("")), [file.key]);
    await worker.stop();
  });
});

test("Worker keeps what the store does not take, says so, and stores it later", async () => {
  const world = new WorkerWorld();
  let isFull = true;
  const through = (store: BatchStore): BatchStore => ({
    ...store,
    put: async (key, bytes) => {
      if (isFull) throw new ChatloomError("STORE_FULL", "Cannot write: no space");
      await store.put(key, bytes);
    },
  });
  await world.run(async () => {
    const [sender, worker] = [world.sender({ waitMinMs: 60_000 }), world.worker({ through })];
    const { key, bytes } = await fileOf("forsen", "hello");
    const putting = sender.put(key, bytes);
    await world.clock.sleep(300_000);
    isFull = false;
    await putting; // "waiting" is progress: five minutes are no timeout of one.
    assert.deepEqual(await world.store.get(key), bytes);
    await sender.close();
    await worker.stop();
  });
  assert.equal(world.reports.filter((each) => /cannot be written/.test(each)).length, 1);
  assert.equal(world.reports.filter((each) => /can be written again/.test(each)).length, 1);
});

test("Worker gives back what it could not store when it is stopped", async () => {
  const world = new WorkerWorld();
  const through = (store: BatchStore): BatchStore => ({
    ...store,
    put: () => Promise.reject(new ChatloomError("STORE_IO", "Cannot write")),
  });
  await world.run(async () => {
    const [sender, first] = [world.sender(), world.worker({ through })];
    const { key, bytes } = await fileOf("forsen", "hello");
    const putting = sender.put(key, bytes);
    await world.clock.sleep(5_000);
    await first.stop();
    const second = world.worker();
    await putting;
    assert.deepEqual(await world.store.get(key), bytes);
    await sender.close();
    await second.stop();
  });
});

test("Workers that join get their share of the ranges, and those that stay take over", async () => {
  const world = new WorkerWorld();
  let n = 0;
  const sendAll = async (sender: ReturnType<typeof world.sender>) => {
    n++;
    await Promise.all(CHANNELS.map(async (channel) => {
      const { key, bytes } = await fileOf(channel, `message ${n}`);
      await sender.put(key, bytes);
    }));
  };
  await world.run(async () => {
    const [sender, first] = [world.sender(), world.worker()];
    await sendAll(sender);
    assert.equal(first.worker.activeRanges.length, 16);
    const [second, third] = [world.worker(), world.worker()];
    for (let i = 0; i < 6; i++) {
      await world.clock.sleep(40_000);
      await sendAll(sender);
    }
    const shares = [first, second, third].map(({ worker }) => worker.activeRanges.length);
    assert.ok(Math.max(...shares) <= 6, `shares ${shares.join()}`);
    const all = [first, second, third].flatMap(({ worker }) => worker.activeRanges);
    assert.deepEqual(all.sort((a, b) => a - b), Array.from({ length: 16 }, (_, i) => i));
    await first.kill();
    await sendAll(sender);
    await second.stop();
    await sendAll(sender);
    assert.equal(third.worker.activeRanges.length, 16);
    assert.equal((await collect(world.store.list(""))).length, n * CHANNELS.length);
    await sender.close();
    await third.stop();
  });
});

test("a message at which workers die is given up, and the others with it are stored", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const sender = world.sender();
    const files = await Promise.all(
      ["a", "b", "poison", "c"].map((text) => fileOf("forsen", text)),
    );
    const poison = files[2]!;
    const puts = files.map(({ key, bytes }) =>
      sender.put(key, bytes).then(() => true, () => false)
    );
    for (let deaths = 0; deaths < 6; deaths++) {
      const dies = { isDue: false };
      const worker: ReturnType<typeof world.worker> = world.worker({
        through: (store) => ({
          ...store,
          put: async (key, bytes) => {
            if (key === poison.key) {
              dies.isDue = true;
              await worker.kill();
              return await new Promise(() => {});
            }
            await store.put(key, bytes);
          },
        }),
      });
      await world.clock.sleep(1_000);
      if (!dies.isDue) {
        await worker.stop();
        break;
      }
    }
    assert.match((await deadReasons(world)).join(), /^3 workers ended/);
    assert.equal((await collect(world.store.list(""))).length, 3);
    await sender.close({ graceMs: 0 });
    await Promise.all(puts);
  });
});

test("Worker holds no more bytes than it may, and loses nothing for it", async () => {
  const world = new WorkerWorld();
  let [running, most] = [0, 0];
  const through = (store: BatchStore): BatchStore => ({
    ...store,
    put: async (key, bytes) => {
      running += bytes.length;
      most = Math.max(most, running);
      await world.clock.sleep(50);
      running -= bytes.length;
      await store.put(key, bytes);
    },
  });
  await world.run(async () => {
    const sender = world.sender({ compresses: false });
    const worker = world.worker({ through, prefetchBytes: 50_000 });
    const files = await Promise.all(
      Array.from({ length: 60 }, (_, n) => fileOf("forsen", `${n} `.padEnd(10_000, "x"))),
    );
    await Promise.all(files.map(({ key, bytes }) => sender.put(key, bytes)));
    assert.equal((await collect(world.store.list(""))).length, 60);
    assert.ok(most <= 50_000, `${most} bytes at once`);
    await sender.close();
    await worker.stop();
  });
});
