import { memoryBroker } from "../../../../src/adapters/memory/memory_broker.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import { type ArchiveKey, batchKey } from "../../../../src/core/archive/archive_key.ts";
import { collect } from "../../../../src/async/collect.ts";
import { memoryUnsettled } from "../../../../src/adapters/memory/memory_notes.ts";
import { Unsettled } from "../../../../src/engine/settle/unsettled.ts";
import { SettlingWorker } from "../../../../src/engine/remote/worker/settling_worker.ts";
import { inProcessLock } from "../../../../src/engine/settle/in_process_lock.ts";
import { RemoteStore } from "../../../../src/engine/remote/remote_store.ts";
import type { RemoteStoreOptions } from "../../../../src/engine/remote/remote_store_options.ts";
import { Worker } from "../../../../src/engine/remote/worker/worker.ts";
import type { WorkerOptions } from "../../../../src/engine/remote/worker/worker_options.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import type { Broker, BrokerLink } from "../../../../src/ports/remote/broker.ts";
import type { UnsettledNotes } from "../../../../src/ports/notes/unsettled_notes.ts";
import { seededRandom } from "../../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";
import { memorySuspects } from "./running_worker.ts";

const hasher = await wasmHasher();
const encoder = new TextEncoder();
const timeUs = Date.UTC(2026, 7, 1, 12) * 1000;

/** A file with the text, under the key that its hash gives it. */
export async function fileOf(channel: string, text: string) {
  const bytes = encoder.encode(text);
  const key: ArchiveKey = batchKey(channel, { timeUs, digest: await hasher.digest(bytes) });
  return { key, bytes };
}

/** A worker in a simulated process. */
export interface SimulatedWorker {
  readonly worker: Pick<Worker, "run" | "activeRanges">;
  /** Ends as {@link Worker.run} does. */
  readonly ended: Promise<void>;
  /** Asks it to stop, as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends the process: its links break, and none of its calls ever answers. */
  kill(): Promise<void>;
  /** Stops the process where it is, or lets it go on: meanwhile nothing comes to it, and no call of it returns. */
  freeze(isFrozen?: boolean): void;
  /** Breaks its links, as a broker does to one that says nothing. */
  breakLinks(): Promise<void>;
}

/** A broker and an archive in virtual time, with senders and workers. */
export class WorkerWorld {
  readonly clock;
  readonly broker = memoryBroker();
  readonly store = memoryStore();
  readonly reports: string[] = [];
  readonly counts = new Map<string, number>();
  readonly suspects = memorySuspects();
  readonly reporter = {
    report: (severity: string, message: string, fields: object = {}) =>
      void this.reports.push(`${severity}: ${message} ${JSON.stringify(fields)}`),
    count: (name: string, labels: { readonly [name: string]: string } = {}, amount = 1) => {
      const id = [name, ...Object.values(labels)].join(" ");
      this.counts.set(id, (this.counts.get(id) ?? 0) + amount);
    },
  };
  #count = 0;

  /** @param settle waits for what goes on outside of virtual time, as compression does in some runtimes */
  constructor({ settle }: { readonly settle?: () => Promise<void> } = {}) {
    this.clock = virtualClock(settle === undefined ? {} : { settle });
  }

  sender(options: Partial<RemoteStoreOptions> = {}): RemoteStore {
    return new RemoteStore({
      ...{ broker: this.broker, reads: this.store, archive: "main", sender: "test" },
      ...{ clock: this.clock, reporter: this.reporter, random: seededRandom(7), ...options },
    });
  }

  worker(
    {
      through = (store) => store,
      settles = false,
      unsettled: notes = memoryUnsettled(),
      ...options
    }:
      & Partial<WorkerOptions>
      & {
        /** What the worker takes for the archive. */
        readonly through?: (store: BatchStore) => BatchStore;
        /** Whether it settles what it stores. */
        readonly settles?: boolean;
        /** Its notes on what is not settled. */
        readonly unsettled?: UnsettledNotes;
      } = {},
  ): SimulatedWorker {
    const stopper = new AbortController();
    const links: BrokerLink[] = [];
    let isDead = false;
    let thawed: Promise<void> = Promise.resolve();
    let thaw = () => {};
    const alive = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work;
      await thawed;
      return isDead ? await new Promise<never>(() => {}) : result;
    };
    const broker: Broker = {
      connect: async (connectOptions) => {
        const link = await alive((options.broker ?? this.broker).connect(connectOptions));
        links.push(link);
        return {
          lost: link.lost,
          declare: (topology) => alive(link.declare(topology)),
          publish: async (message) => {
            await thawed;
            return await alive(link.publish(message));
          },
          consume: (queue, consuming) =>
            alive(link.consume(queue, {
              ...consuming,
              onDelivery: (delivery) =>
                void thawed.then(() => isDead || consuming.onDelivery(delivery)),
            })),
          take: (queue) => alive(link.take(queue)),
          inspect: (queue) => alive(link.inspect(queue)),
          deleteQueue: (queue) => alive(link.deleteQueue(queue)),
          close: () => link.close(),
        };
      },
    };
    const { store } = this;
    const inner = through({
      list: (prefix, abort) => store.list(prefix, abort),
      folders: (folder, abort) => store.folders(folder, abort),
      strays: (prefix, abort) => store.strays(prefix, abort),
      get: (key, abort) => store.get(key, abort),
      put: (key, bytes, abort) => store.put(key, bytes, abort),
      delete: (key, abort) => store.delete(key, abort),
    });
    const before = async <T>(begin: () => Promise<T>): Promise<T> => {
      await alive(Promise.resolve());
      return await alive(begin());
    };
    const own: WorkerOptions = {
      ...{ archive: "main", lock: inProcessLock(store), hasher, clock: this.clock },
      ...{ random: seededRandom(++this.#count), reporter: this.reporter, name: "worker" },
      suspects: this.suspects,
      ...options,
      broker,
      store: {
        ...inner,
        async *list(prefix, abort) {
          for (const key of await before(() => collect(inner.list(prefix, abort)))) yield key;
        },
        get: (key, abort) => before(() => inner.get(key, abort)),
        put: (key, bytes, abort) => before(() => inner.put(key, bytes, abort)),
        delete: (key, abort) => before(() => inner.delete(key, abort)),
      },
    };
    const unsettled = new Unsettled(notes, own);
    const worker = settles ? new SettlingWorker({ ...own, unsettled }) : new Worker(own);
    const ended = worker.run(stopper.signal);
    ended.catch(() => {}); // Tests that care await it.
    return {
      ...{ worker, ended },
      async stop() {
        stopper.abort();
        await ended;
      },
      freeze(isFrozen = true) {
        thaw();
        if (isFrozen) thawed = new Promise((resolve) => thaw = resolve);
      },
      async breakLinks() {
        for (const link of links) await link.close();
      },
      async kill() {
        isDead = true;
        await this.breakLinks();
      },
    };
  }

  /** Lets the world run until `body` ends. */
  async run(body: () => Promise<void>): Promise<void> {
    await this.clock.run(body());
  }
}
