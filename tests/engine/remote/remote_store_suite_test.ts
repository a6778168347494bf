import { test } from "node:test";
import { memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { batchStoreSuite } from "../../../src/testing/suites/batch_store_suite.ts";
import { StoringWorker } from "./storing_worker.ts";

batchStoreSuite({
  test: (name, body) => test(`RemoteStore over a broker in memory: ${name}`, body),
  async open() {
    const [broker, reads] = [memoryBroker(), memoryStore()];
    const worker = new StoringWorker(reads);
    await worker.start(broker);
    const stores: RemoteStore[] = [];
    const open = () => {
      const store = new RemoteStore({
        ...{ broker, reads, archive: "main", sender: "test", reporter: noopReporter },
        ...{ clock: systemClock(), random: systemRandom() },
      });
      stores.push(store);
      return store;
    };
    return {
      store: open(),
      again: open,
      async close() {
        await Promise.all(stores.map((store) => store.close()));
        await worker.stop();
      },
    };
  },
});
