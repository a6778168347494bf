import { test } from "node:test";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Broker } from "../../../src/ports/remote/broker.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { batchStoreSuite } from "../../../src/testing/suites/batch_store_suite.ts";
import { runWorker } from "./worker/running_worker.ts";

/** What workers write, and senders read. */
export interface WorkersArchive {
  readonly store: BatchStore;
  readonly lock?: ArchiveLock;
  /** Removes it. */
  close(): void | Promise<void>;
}

/** What {@link remoteSuite} needs. */
export interface RemoteSuiteOptions {
  /** Names the store and the broker. */
  readonly title: string;
  /** The broker, and the name of an archive that nobody else has there. */
  openBroker(): { readonly broker: Broker; readonly archive: string };
  /** Deletes the queues of an archive. */
  clear?(archive: string): Promise<void>;
  openArchive(): WorkersArchive | Promise<WorkersArchive>;
  readonly queueKind?: "classic" | "quorum";
}

/** Few, so that a test begins soon. */
export const RANGE_COUNT = 4;

/** The store's suite over a sender and a worker. */
export function remoteSuite(options: RemoteSuiteOptions): void {
  const { title, queueKind } = options;
  batchStoreSuite({
    test: (name, body) => test(`RemoteStore to ${title}: ${name}`, body),
    async open() {
      const { broker, archive } = options.openBroker();
      const { store: reads, lock, close } = await options.openArchive();
      const common = { broker, archive, queueKind, rangeCount: RANGE_COUNT };
      const worker = runWorker({
        ...common,
        store: reads,
        ...(lock === undefined ? {} : { lock }),
      });
      const senders: RemoteStore[] = [];
      const again = () => {
        const sender = new RemoteStore({
          ...{ ...common, reads, sender: "test", reporter: noopReporter },
          ...{ clock: systemClock(), random: systemRandom() },
        });
        senders.push(sender);
        return sender;
      };
      return {
        store: again(),
        again,
        damage: (key, bytes) => reads.put(key, bytes),
        async close() {
          await Promise.all(senders.map((sender) => sender.close()));
          await worker.stop();
          await options.clear?.(archive);
          await close();
        },
      };
    },
  });
}
