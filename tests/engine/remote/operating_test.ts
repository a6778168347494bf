import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { collect } from "../../../src/async/collect.ts";
import { formatRequest } from "../../../src/core/remote/envelope.ts";
import { deadLetterName, rangeQueue } from "../../../src/core/remote/remote_topology.ts";
import { rangeOfChannel } from "../../../src/core/remote/channel_range.ts";
import { isStatusQuestion, parseStatus } from "../../../src/core/remote/worker_status.ts";
import { deadLetters, retryDeadLetter } from "../../../src/engine/remote/operating/dead_letters.ts";
import { readTopology } from "../../../src/engine/remote/operating/read_topology.ts";
import { fileOf, WorkerWorld } from "./worker/worker_world.ts";

const hasher = await wasmHasher();
const archive = "main";

/** Puts a request that could be carried out among the dead letters, as a worker does. */
async function bury(world: WorkerWorld, { key, bytes }: Awaited<ReturnType<typeof fileOf>>) {
  const link = await world.broker.connect();
  const headers = formatRequest({ method: "put", key, archive, lengthBytes: bytes.length });
  headers.set("dead-reason", "3 workers ended while they handled it");
  headers.set("dead-route", "9of99"); // Of a former count of ranges.
  const message = { exchange: deadLetterName(archive), routingKey: "", headers, body: bytes };
  assert.equal(await link.publish({ ...message, messageId: key }), "confirmed");
  await link.close();
}

test("readTopology tells backlog, line and who consumes, and names workers that say nothing", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const place = { broker: world.broker, clock: world.clock, archive };
    const empty = await readTopology(place);
    assert.equal(empty.ranges.length, 16);
    assert.ok([...empty.ranges, empty.dead].every(({ isThere }) => !isThere), "it made a queue");
    const [sender, first] = [world.sender(), world.worker({ name: "first" })];
    const file = await fileOf("forsen", "hello");
    await sender.put(file.key, file.bytes);
    const second = world.worker({ name: "second" });
    await world.clock.sleep(100);
    const report = await readTopology(place);
    const range = rangeOfChannel("forsen");
    assert.deepEqual(report.ranges[range], {
      ...{ name: rangeQueue(archive, { range }), isThere: true, readyCount: 0, consumerCount: 2 },
      ...{ range, workers: ["first"] },
    });
    assert.deepEqual(report.workers.map(({ worker }) => worker), ["first", "second"]);
    assert.equal(report.workerCount, 2);
    await bury(world, file);
    await first.stop();
    // A process that is frozen stands in line and does not answer.
    second.freeze();
    const late = await readTopology({ ...place, answerMaxMs: 1_000 });
    assert.deepEqual([late.workerCount, late.workers.length], [1, 0]);
    assert.equal(late.dead.readyCount, 1);
    await second.kill();
    await sender.close({ graceMs: 0 });
  });
});

test("parseStatus takes no answer that is none", () => {
  const good = new Map<string, string | number>([["v", 1], ["worker", "a"], ["ranges", "1,2"]]);
  assert.equal(parseStatus(good), undefined);
  good.set("held", 3);
  assert.deepEqual(parseStatus(good), { worker: "a", activeRanges: [1, 2], heldCount: 3 });
  assert.deepEqual(parseStatus(new Map(good).set("ranges", ""))?.activeRanges, []);
  for (
    const [name, value] of [["ranges", "1,,2"], ["ranges", "x"], ["held", -1], ["v", 2]] as const
  ) {
    assert.equal(parseStatus(new Map(good).set(name, value)), undefined, `${name} ${value}`);
  }
  assert.equal(isStatusQuestion(good), false);
});

test("dead letters are listed without loss, retried to the range of now, and dropped", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const [file, other] = [await fileOf("forsen", "hello"), await fileOf("ada", "hello")];
    const sender = world.sender();
    const worker = world.worker();
    await world.clock.sleep(100); // The queues are made.
    await bury(world, file);
    await bury(world, other);
    const listAll = async () => {
      const link = await world.broker.connect();
      const letters = await collect(deadLetters({ link, archive, hasher }));
      await link.close();
      return letters;
    };
    const listed = await listAll();
    assert.deepEqual(listed.map(({ id }) => id), (await listAll()).map(({ id }) => id));
    assert.equal(listed.length, 2);
    assert.match(listed[0]!.reason, /^3 workers ended/);
    assert.match(listed[0]!.id, /^[0-9a-f]{12}$/);
    const link = await world.broker.connect();
    for await (const letter of deadLetters({ link, archive, hasher })) {
      if (letter.id === listed[0]!.id) {
        assert.equal(await retryDeadLetter(letter, { link, archive, hasher }), "confirmed");
      } else letter.delivery.acknowledge();
    }
    await link.close();
    await world.clock.sleep(1_000);
    assert.deepEqual(await world.store.get(file.key), file.bytes);
    assert.equal(await world.store.get(other.key), undefined);
    assert.deepEqual(await listAll(), []);
    await worker.stop();
    await sender.close();
  });
});

test("a dead letter that no queue takes stays one", async () => {
  const world = new WorkerWorld();
  await world.run(async () => {
    const sender = world.sender();
    await world.clock.sleep(100);
    await bury(world, await fileOf("forsen", "hello"));
    for (let range = 0; range < 16; range++) {
      const cleaner = await world.broker.connect();
      await cleaner.deleteQueue(rangeQueue(archive, { range }));
      await cleaner.close();
    }
    for (let i = 0; i < 2; i++) {
      const link = await world.broker.connect();
      const [letter] = await collect(deadLetters({ link, archive, hasher }));
      assert.equal(await retryDeadLetter(letter!, { link, archive, hasher }), "returned");
      await link.close();
    }
    await sender.close({ graceMs: 0 });
  });
});
