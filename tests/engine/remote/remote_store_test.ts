import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryBroker, memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { rangeQueue } from "../../../src/core/remote/remote_topology.ts";
import { rangeOfChannel } from "../../../src/core/remote/channel_range.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import type { RemoteStoreOptions } from "../../../src/engine/remote/remote_store_options.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Broker, BrokerLink, BrokerTopology } from "../../../src/ports/remote/broker.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { storeAndSay, StoringWorker } from "./storing_worker.ts";

const timeUs = Date.UTC(2026, 7, 1, 12) * 1000;

function keyOf(n: number, channel = "forsen") {
  return batchKey(channel, { timeUs, digest: someBytes(32, 2 * n + 1) });
}

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly reads: BatchStore;
  readonly reports: string[];
  readonly counts: Map<string, number>;
  open(options?: Partial<RemoteStoreOptions>): RemoteStore;
}

/** A world in virtual time, whose stores are closed when `body` ends. */
async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const [clock, broker, reads] = [virtualClock(), memoryBroker(), memoryStore()];
  const reports: string[] = [];
  const counts = new Map<string, number>();
  const stores: RemoteStore[] = [];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity}: ${message}`),
    count: (name: string, labels = {}, amount = 1) => {
      const id = [name, ...Object.values(labels)].join(" ");
      counts.set(id, (counts.get(id) ?? 0) + amount);
    },
  };
  const open = (options: Partial<RemoteStoreOptions> = {}) => {
    const store = new RemoteStore({
      ...{ broker, reads, archive: "main", sender: "test", clock, reporter, compresses: false },
      random: seededRandom(7),
      ...options,
    });
    stores.push(store);
    return store;
  };
  try {
    await clock.run(body({ clock, broker, reads, reports, counts, open }));
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** A broker whose links differ in some calls. */
function altered(
  broker: Broker,
  change: (link: BrokerLink) => Partial<Record<keyof BrokerLink, unknown>>,
): Broker {
  return {
    async connect(options) {
      const link = await broker.connect(options);
      const changed = change(link);
      return new Proxy(link, {
        get(target, name) {
          const value = changed[name as keyof BrokerLink] ?? Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(() => "stored", (error) => (error as { readonly code?: string }).code ?? error);

test("RemoteStore stores what a worker has stored, not what the broker has", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    const store = open();
    let isStored = false;
    const putting = store.put(keyOf(1), someBytes(50)).then(() => isStored = true);
    await clock.sleep(5_000);
    assert.equal(isStored, false);
    const worker = new StoringWorker(reads);
    await worker.start(broker);
    await putting;
    assert.deepEqual(await store.get(keyOf(1)), someBytes(50));
    await store.delete(keyOf(1));
    assert.equal(await reads.get(keyOf(1)), undefined);
    assert.deepEqual(worker.heard, [`put ${keyOf(1)}`, `delete ${keyOf(1)}`]);
  }));

test("RemoteStore sends again when the broker restarts, and loses nothing", () =>
  inWorld(async ({ broker, reads, open, clock, reports }) => {
    const store = open();
    const puts = Array.from({ length: 40 }, (_, n) => store.put(keyOf(n), someBytes(50, n)));
    await clock.sleep(100);
    broker.stop();
    await clock.sleep(20_000);
    broker.start();
    await new StoringWorker(reads).start(broker);
    await Promise.all(puts);
    for (let n = 0; n < 40; n++) assert.deepEqual(await reads.get(keyOf(n)), someBytes(50, n));
    assert.deepEqual(reports, [
      "error: The broker cannot be used: it is tried again until it can",
      "info: The broker can be used again",
    ]);
  }));

test("RemoteStore gives up after a minute without a broker, then at once, until it is back", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    broker.stop();
    const store = open();
    const beganUs = clock.elapsedUs();
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "STORE_UNREACHABLE");
    assert.equal((clock.elapsedUs() - beganUs) / 1e6, 60);
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "STORE_UNREACHABLE");
    assert.equal((clock.elapsedUs() - beganUs) / 1e6, 60);
    await clock.sleep(3_600_000);
    broker.start();
    await new StoringWorker(reads).start(broker);
    await clock.sleep(6_000); // No pause between two tries is longer than 5 s.
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "stored");
  }));

test("RemoteStore takes its message over when a caller asks again, and sends it again the next time", () =>
  inWorld(async ({ broker, reads, open, counts, clock }) => {
    const store = open();
    for (const sent of [1, 1, 2, 2]) {
      assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "STORE_UNREACHABLE");
      assert.equal(counts.get("remote_messages confirmed"), sent);
    }
    const worker = new StoringWorker(reads);
    await worker.start(broker);
    await clock.sleep(1_000);
    assert.equal(worker.heard.length, 2);
    // The late answer counts: there is nothing more to send.
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "stored");
    assert.equal(counts.get("remote_messages confirmed"), 2);
    // Once: after a deletion by another node it has to be sent.
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "stored");
    assert.equal(worker.heard.length, 3);
  }));

test("RemoteStore waits as long as a worker says that it waits", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    let tries = 0;
    const worker = new StoringWorker(reads, {
      async answer(delivery, store) {
        tries++;
        for (let n = 0; n < 10; n++) {
          await clock.sleep(50_000);
          void worker.say(delivery, { status: "waiting", code: "STORE_FULL" });
        }
        return await storeAndSay(delivery, store);
      },
    });
    await worker.start(broker);
    assert.equal(await outcome(open().put(keyOf(1), someBytes(5))), "stored");
    assert.equal(tries, 1);
  }));

test("RemoteStore lets no time pass while the broker takes no messages", () =>
  inWorld(async ({ broker, reads, open, clock, reports }) => {
    const store = open();
    await clock.sleep(10);
    broker.block(true);
    const putting = outcome(store.put(keyOf(1), someBytes(5)));
    await clock.sleep(3_600_000);
    await new StoringWorker(reads).start(broker);
    broker.block(false);
    assert.equal(await putting, "stored");
    assert.deepEqual(reports.map((each) => each.split(":")[0]), ["warning", "info"]);
  }));

test("RemoteStore waits for room in a full queue", () =>
  inWorld(async ({ broker, reads, open, counts, clock }) => {
    const narrow = altered(broker, (link) => ({
      declare: ({ exchanges, queues }: BrokerTopology) =>
        link.declare({ exchanges, queues: queues.map((each) => ({ ...each, maxBytes: 100 })) }),
    }));
    const store = open({ broker: narrow });
    const puts = [1, 2].map((n) => outcome(store.put(keyOf(n), someBytes(60, n))));
    await clock.sleep(20_000);
    assert.equal(counts.get("remote_messages confirmed"), 1);
    assert.ok(counts.get("remote_messages refused")! >= 3);
    const link = await narrow.connect();
    await link.deleteQueue(rangeQueue("main", { range: rangeOfChannel("forsen") }));
    await clock.sleep(10_000);
    assert.ok(counts.get("remote_messages returned")! >= 1);
    await new StoringWorker(reads).start(narrow); // Declares the queue again.
    assert.deepEqual(await Promise.all(puts), ["STORE_UNREACHABLE", "stored"]);
    assert.equal(await outcome(store.put(keyOf(1), someBytes(60, 1))), "STORE_UNREACHABLE");
    assert.equal(await outcome(store.put(keyOf(1), someBytes(60, 1))), "stored");
  }));

test("RemoteStore rejects what a worker refuses, and soon sends it no more", () =>
  inWorld(async ({ broker, reads, open, clock, reports }) => {
    const worker = new StoringWorker(reads, {
      answer: () => Promise.resolve({ status: "refused", reason: "its digest is another" }),
    });
    await worker.start(broker);
    const store = open();
    for (let n = 0; n < 6; n++) {
      await assert.rejects(store.put(keyOf(1), someBytes(5)), {
        code: "STORE_REFUSED",
        message: `Cannot store "${keyOf(1)}": a worker refuses it: its digest is another`,
      });
    }
    assert.equal(worker.heard.length, 3);
    assert.deepEqual(reports, ["error: Workers refuse a file: it is kept here"]);
    await clock.sleep(600_000);
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "STORE_REFUSED");
    assert.equal(worker.heard.length, 4);
  }));

test("RemoteStore sends no more to workers of another archive", () =>
  inWorld(async ({ broker, reads, open, reports }) => {
    const worker = new StoringWorker(reads, {
      answer: async (delivery, store) => ({
        ...(await storeAndSay(delivery, store))!,
        archiveId: "b",
      }),
    });
    await worker.start(broker);
    const store = open({ archiveId: "a" });
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "STORE_REFUSED");
    assert.equal(await outcome(store.put(keyOf(2), someBytes(5))), "STORE_REFUSED");
    assert.equal(worker.heard.length, 1);
    assert.equal(reports.length, 1);
    assert.equal(await outcome(open({ archiveId: "b" }).put(keyOf(2), someBytes(5))), "stored");
  }));

test("RemoteStore says at once that the queues are there with other arguments", () =>
  inWorld(async ({ open }) => {
    const first = open();
    const settled = outcome(first.put(keyOf(1), someBytes(5)));
    const other = open({ queueKind: "quorum" });
    assert.equal(await outcome(other.put(keyOf(2), someBytes(5))), "STORE_REFUSED");
    await first.close();
    assert.equal(await settled, "STORE_UNREACHABLE");
  }));

test("RemoteStore has no more on the way than its window", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    const store = open({ windowCount: 3, windowBytes: 100 });
    const puts = Array.from({ length: 9 }, (_, n) => store.put(keyOf(n), someBytes(40, n)));
    const big = store.put(keyOf(9), someBytes(500));
    await clock.sleep(1_000);
    const link = await broker.connect();
    const queue = rangeQueue("main", { range: rangeOfChannel("forsen") });
    assert.equal((await link.inspect(queue))!.readyCount, 2, "two of 40 bytes");
    const aborter = new AbortController();
    const left = store.put(keyOf(10), someBytes(5), { signal: aborter.signal });
    aborter.abort(new Error("enough"));
    await assert.rejects(left, /enough/);
    await new StoringWorker(reads).start(broker);
    await Promise.all([...puts, big]);
    assert.equal(await reads.get(keyOf(10)), undefined);
  }));

test("RemoteStore gives up a link on which the broker confirms nothing", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    let links = 0;
    const hanging = altered(broker, (link) =>
      ++links > 1 ? {} : {
        publish: () =>
          new Promise((_, reject) => {
            link.lost.addEventListener("abort", () => reject(link.lost.reason));
          }),
      });
    await new StoringWorker(reads).start(broker);
    const store = open({ broker: hanging });
    const beganUs = clock.elapsedUs();
    assert.equal(await outcome(store.put(keyOf(1), someBytes(5))), "stored");
    assert.ok(clock.elapsedUs() - beganUs < 32e6);
    assert.equal(links, 2);
  }));

test("RemoteStore waits for what is on its way when it is closed, for so long", () =>
  inWorld(async ({ broker, reads, open, clock }) => {
    const slow = new StoringWorker(reads, {
      async answer(delivery, store) {
        await clock.sleep(4_000);
        return await storeAndSay(delivery, store);
      },
    });
    await slow.start(broker);
    const store = open();
    const puts = [1, 2, 3].map((n) => outcome(store.put(keyOf(n), someBytes(5))));
    await clock.sleep(10);
    await store.close({ graceMs: 10_000 });
    assert.deepEqual(await Promise.all(puts), ["stored", "stored", "STORE_UNREACHABLE"]);
    assert.equal(await outcome(store.put(keyOf(4), someBytes(5))), "STORE_UNREACHABLE");
    assert.deepEqual(await store.get(keyOf(1)), someBytes(5));
  }));
