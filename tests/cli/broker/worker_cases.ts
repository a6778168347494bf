import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import { openParts } from "../../../src/node/wiring/parts/archive_parts.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { RabbitServer } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { skipPostgres, startPostgres } from "../../conformance/postgres/postgres_server.ts";
import { startWorker } from "./worker_child.ts";

const CHANNELS = Array.from({ length: 40 }, (_, n) => `channel_${n}`);
const FIRST_US = Date.UTC(2026, 7, 1) * 1_000;
/** Files a round, and after how many of them the worker is ended: most are then on their way. */
const [COUNT, MIDWAY] = [500, 100];

/** Workers that end under load, over every kind of archive. */
export function workerCases(rabbit: RabbitServer): void {
  test("workers over a folder: one is killed and one is stopped under load, the next takes over", async (t) => {
    const folder = tempFolder();
    t.after(() => folder.close());
    await workersTakeOver(t, { rabbit, address: folder.path, archive: "folder" });
  });

  test(
    "workers over PostgreSQL: one is killed and one is stopped under load, the next takes over",
    {
      skip: skipPostgres,
    },
    async (t) => {
      const server = await startPostgres();
      t.after(() => server.close());
      const [address, archive] = [server.address(), "database"];
      await server.kill();
      const first = startWorker(t, { url: rabbit.url, address, archive });
      await first.said("The archive cannot be used yet: waiting");
      await server.start();
      await workersTakeOver(t, { rabbit, address, archive, first });
    },
  );

  test("a worker that waits for its broker ends on SIGTERM with exit code 0", async (t) => {
    const folder = tempFolder();
    t.after(() => folder.close());
    const worker = startWorker(t, {
      url: "amqp://guest:secret@127.0.0.1:1/%2f",
      address: folder.path,
    });
    await worker.said("The broker cannot be used");
    assert.deepEqual(await worker.end("SIGTERM"), [0, null], worker.log());
    assert.ok(!worker.log().includes("secret"), "the log has the password");
  });
}

/** Sends rounds of files to workers that end in the midst of each, and looks for every file. */
async function workersTakeOver(
  t: TestContext,
  { rabbit, address, archive, first }: {
    readonly rabbit: RabbitServer;
    readonly address: string;
    readonly archive: string;
    /** A worker that has been started already. @default another one */
    readonly first?: ReturnType<typeof startWorker>;
  },
): Promise<void> {
  const parts = await openParts(address, { create: true });
  t.after(() => parts.close());
  const sender = new RemoteStore({
    ...{ broker: amqpBroker({ url: rabbit.url }), reads: parts.files, archive },
    ...{ sender: "test", clock: systemClock(), random: systemRandom(), reporter: noopReporter },
  });
  t.after(() => sender.close({ graceMs: 0 }));
  const keys: string[] = [];
  const start = () => startWorker(t, { url: rabbit.url, address, archive });

  const killedOne = first ?? start();
  await killedOne.said("The worker begins");
  const second = start();
  const killed = await putMany(sender, { round: 0, keys });
  await killedOne.end("SIGKILL");
  await killed.all; // The second, which stood in line behind it, stores the rest.
  const third = start();
  const stopped = await putMany(sender, { round: 1, keys });
  assert.deepEqual(await second.end("SIGTERM"), [0, null], second.log());
  await stopped.all;
  assert.deepEqual(await third.end("SIGTERM"), [0, null], third.log());

  assert.equal(keys.length, 2 * COUNT);
  // The text of these files is no chat, so settling leaves each as it is.
  for (const key of keys) assert.ok(await parts.files.get(key), `${key} is lost`);
}

/** Puts many files, all of one minute; resolves midway, with what resolves when all are stored. */
async function putMany(
  sender: RemoteStore,
  { round, keys }: { readonly round: number; readonly keys: string[] },
): Promise<{ readonly all: Promise<void> }> {
  const hasher = await wasmHasher();
  let stored = 0;
  let resolveMidway = () => {};
  const midway = new Promise<void>((resolve) => resolveMidway = resolve);
  const puts = Array.from({ length: COUNT }, async (_, n) => {
    const bytes = new TextEncoder().encode(`round ${round}, file ${n}`);
    const digest = await hasher.digest(bytes);
    const key = batchKey(CHANNELS[n % CHANNELS.length]!, { timeUs: FIRST_US, digest });
    await sender.put(key, bytes);
    keys.push(key);
    if (++stored === MIDWAY) resolveMidway();
  });
  const all = Promise.all(puts).then(() => {});
  await Promise.race([midway, all]);
  assert.ok(stored < COUNT, "all were stored before the worker was ended");
  return { all };
}
