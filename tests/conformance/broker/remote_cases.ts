import assert from "node:assert/strict";
import { after, test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { collect } from "../../../src/async/collect.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { rangeQueue, remoteTopology } from "../../../src/core/remote/remote_topology.ts";
import { RANGE_TAKEN } from "../../../src/engine/remote/worker/range_worker.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import type { Broker } from "../../../src/ports/remote/broker.ts";
import { noopReporter, type Reporter } from "../../../src/ports/reporter.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";
import { RANGE_COUNT, remoteSuite, type WorkersArchive } from "../../engine/remote/remote_suite.ts";
import { brokerWithout } from "../../engine/remote/worker/broker_without.ts";
import {
  overlapsIn,
  takeoversIn,
  type WorkerRecord,
} from "../../engine/remote/worker/worker_log.ts";
import { runWorker } from "../../engine/remote/worker/running_worker.ts";
import { tempFolder } from "../disk/temp_folder.ts";
import { skipPostgres, startPostgres } from "../postgres/postgres_server.ts";
import { openArchives } from "../postgres/postgres_world.ts";
import type { RabbitServer } from "./rabbit_server.ts";

const hasher = await wasmHasher();
const NOON_US = Date.UTC(2026, 7, 1, 12) * 1_000;

/** Senders and workers over the broker of these tests, and every kind of archive. */
export async function remoteCases(server: RabbitServer): Promise<void> {
  const archives: [title: string, open: () => WorkersArchive | Promise<WorkersArchive>][] = [
    ["a store in memory", () => ({ store: memoryStore(), close: () => {} })],
    ["a folder", folderArchive],
  ];
  if (skipPostgres === false) {
    const database = await startPostgres();
    after(() => database.close());
    archives.push(["PostgreSQL", async () => {
      const { open, close } = openArchives({ server: database });
      const { store, lock } = await open();
      return { store, lock, close };
    }]);
  } else test("RemoteStore to PostgreSQL", { skip: skipPostgres }, () => {});

  let count = 0;
  const broker = amqpBroker({ url: server.url });
  // What the kind of a queue changes ends at the broker: each kind of each is enough.
  for (const [at, [title, openArchive]] of archives.entries()) {
    const queueKind = at === 0 ? "quorum" : "classic";
    remoteSuite({
      ...{ title: `RabbitMQ (${queueKind}) and ${title}`, queueKind, openArchive },
      openBroker: () => ({ broker, archive: `remote${++count}` }),
      async clear(archive) {
        const link = await broker.connect();
        const { queues } = remoteTopology({ archive, rangeCount: RANGE_COUNT, queueKind });
        for (const { name } of queues) await link.deleteQueue(name);
        await link.close();
      },
    });
  }

  test("RabbitMQ gives a range to one of two workers; where it gives it to both, their logs tell", async () => {
    assert.deepEqual(await rangesOfTwo(broker, { archive: "single", isSingle: true }), []);
    const found = await rangesOfTwo(broker, { archive: "shared", isSingle: false });
    assert.ok(found.length > 0, "no overlap was seen");
  });

  test("RemoteStore over RabbitMQ loses nothing when the broker is killed twice", async () => {
    const [archive, reads] = ["killed", memoryStore()];
    const worker = runWorker({ broker, archive, store: reads });
    const store = new RemoteStore({
      ...{ broker, reads, archive, sender: "test", reporter: noopReporter },
      ...{ clock: systemClock(), random: systemRandom() },
    });
    const files = await Promise.all(Array.from({ length: 600 }, async (_, n) => {
      const [bytes, timeUs] = [someBytes(9_000, 2 * n + 1), NOON_US + (n % 60) * MINUTE_US];
      const digest = await hasher.digest(bytes);
      return { key: batchKey(`channel${n % 20}`, { timeUs, digest }), bytes };
    }));
    let stored = 0;
    let isPartway = () => {};
    const partway = new Promise<void>((resolve) => isPartway = resolve);
    const puts = files.map(async ({ key, bytes }) => {
      await store.put(key, bytes);
      if (++stored === 100) isPartway();
    });
    await partway;
    for (let kills = 0; kills < 2; kills++) {
      await server.kill();
      await server.start();
    }
    await Promise.all(puts);
    assert.equal((await collect(reads.list(""))).length, files.length);
    for (const { key, bytes } of files) assert.deepEqual(await reads.get(key), bytes);
    await store.close();
    await worker.stop();
  });
}

/** Where the logs of two workers say that both had a range at once. */
async function rangesOfTwo(
  broker: Broker,
  { archive, isSingle }: { readonly archive: string; readonly isSingle: boolean },
): Promise<string[]> {
  const [store, records] = [memoryStore(), [] as WorkerRecord[]];
  const reporterOf = (worker: string): Reporter => ({
    report: (_, message, fields: { readonly range?: number } = {}) =>
      void records.push({ ...fields, worker, timeMs: performance.now(), message }),
    count: () => {},
  });
  const through = brokerWithout(broker, { isSingle });
  const common = { archive, rangeCount: RANGE_COUNT };
  const workers = new Map(
    ["one", "other"].map((name) => [
      name,
      runWorker({ ...common, broker: through, store, name, reporter: reporterOf(name) }),
    ]),
  );
  const sender = new RemoteStore({
    ...{ ...common, broker: through, reads: store, sender: "test", reporter: noopReporter },
    ...{ clock: systemClock(), random: systemRandom() },
  });
  const putSome = () =>
    Promise.all(Array.from({ length: 50 }, async (_, n) => {
      const bytes = someBytes(100, n + 1);
      const digest = await hasher.digest(bytes);
      await sender.put(batchKey(`channel${n % 8}`, { timeUs: NOON_US, digest }), bytes);
    }));
  const link = await broker.connect();
  // Both must stand in line before there is something to have.
  for (let range = 0; range < RANGE_COUNT;) {
    const state = await link.inspect(rangeQueue(archive, { range, rangeCount: RANGE_COUNT }));
    if (state?.consumerCount === 2) range++;
    assert.equal(link.lost.aborted, false);
  }
  await putSome();
  // The one that was first in line leaves, and the other takes over.
  await workers.get(records.find(({ message }) => message === RANGE_TAKEN)!.worker)!.stop();
  await putSome();
  await sender.close();
  for (const worker of workers.values()) await worker.stop();
  await link.close();
  assert.ok(takeoversIn(records).takeovers > 0, "no worker took over");
  return overlapsIn(records);
}

function folderArchive(): WorkersArchive {
  const folder = tempFolder();
  return {
    store: fileSystemStore(folder.path),
    lock: fileSystemLock(folder.path),
    close: () => folder.close(),
  };
}
