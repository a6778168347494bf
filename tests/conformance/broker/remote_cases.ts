import assert from "node:assert/strict";
import { test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { collect } from "../../../src/async/collect.ts";
import { remoteTopology } from "../../../src/core/remote/remote_topology.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { batchStoreSuite } from "../../../src/testing/suites/batch_store_suite.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";
import { StoringWorker } from "../../engine/remote/storing_worker.ts";
import { keyOf } from "../batch_keys.ts";
import type { RabbitServer } from "./rabbit_server.ts";

/** A store that writes through the broker of these tests. */
export function remoteCases(server: RabbitServer): void {
  let count = 0;

  /** A worker and senders for an archive of their own, whose queues are deleted at the end. */
  async function open() {
    const archive = `remote${++count}`;
    const [broker, reads] = [amqpBroker({ url: server.url }), memoryStore()];
    const worker = new StoringWorker(reads, { archive });
    await worker.start(broker);
    const stores: RemoteStore[] = [];
    const again = () => {
      const store = new RemoteStore({
        ...{ broker, reads, archive, sender: "test", reporter: noopReporter },
        ...{ clock: systemClock(), random: systemRandom() },
      });
      stores.push(store);
      return store;
    };
    return {
      ...{ archive, broker, reads, worker, again, store: again() as BatchStore },
      async close() {
        await Promise.all(stores.map((store) => store.close()));
        await worker.stop();
        const link = await broker.connect();
        for (const { name } of remoteTopology({ archive }).queues) await link.deleteQueue(name);
        await link.close();
      },
    };
  }

  batchStoreSuite({ test: (name, body) => test(`RemoteStore over RabbitMQ: ${name}`, body), open });

  test("RemoteStore over RabbitMQ loses nothing when the broker is killed twice", async () => {
    const { archive, broker, reads, worker, store, close } = await open();
    const files = 600;
    let stored = 0;
    let isHalfway = () => {};
    const halfway = new Promise<void>((resolve) => isHalfway = resolve);
    const puts = Array.from({ length: files }, async (_, n) => {
      await store.put(
        keyOf(n, { minute: n % 60, channel: `channel${n % 20}` }),
        someBytes(9_000, n),
      );
      if (++stored === files / 3) isHalfway();
    });
    await halfway;
    await server.kill();
    await server.start();
    await server.kill();
    await server.start();
    await worker.stop();
    const next = new StoringWorker(reads, { archive });
    await next.start(broker);
    await Promise.all(puts);
    assert.equal((await collect(reads.list(""))).length, files);
    for (let n = 0; n < files; n++) {
      const key = keyOf(n, { minute: n % 60, channel: `channel${n % 20}` });
      assert.deepEqual(await reads.get(key), someBytes(9_000, n));
    }
    await next.stop();
    await close();
  });
}
