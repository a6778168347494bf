import { amqpBroker } from "../../adapters/amqp/amqp_broker.ts";
import { fileSystemSuspects } from "../../adapters/file_system/file_system_suspects.ts";
import { Unsettled } from "../../engine/settle/unsettled.ts";
import { Settler } from "../../engine/settle/settler.ts";
import { Worker } from "../../engine/remote/worker/worker.ts";
import type { WorkerOptions } from "../../engine/remote/worker/worker_options.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { type Archive, writableStore } from "./archive.ts";
import type { BrokerChoice } from "./parts/broker_choice.ts";

/** How {@link runWorker} works. */
export interface RunWorkerOptions extends
  Pick<
    WorkerOptions,
    "name" | "ranges" | "batchSize" | "prefetchCount" | "prefetchBytes" | "graceMs"
  > {
  /** The broker that senders use. */
  readonly broker: BrokerChoice;
  /** Asks it to end. */
  readonly signal: AbortSignal;
  /** Measures it. @default not measured */
  readonly metrics?: Metrics | undefined;
}

/**
 * Stores in `archive` what senders hand to the broker, and settles it, until `signal` aborts. What is in hand then
 * is stored and settled, the rest given back.
 *
 * @throws {ChatloomError} when the archive cannot be written at the start.
 */
export async function runWorker(
  archive: Archive,
  { broker: choice, signal, ...own }: RunWorkerOptions,
): Promise<void> {
  const { parts, hasher, clock, random, reporter } = archive;
  const { store } = await writableStore(archive, { signal });
  const { lock } = parts;
  const unsettled = new Unsettled(parts.unsettled, { clock, reporter });
  const settler = new Settler({ store, hasher, clock, reporter, lock, unsettled });
  await settler.noteLeft({ signal });
  const worker = new Worker({
    ...{ ...own, hasher, clock, random, reporter, lock, onStored: settler.onFileStored },
    broker: amqpBroker({
      url: choice.url,
      heartbeatS: choice.heartbeatS,
      name: `chatloom worker ${own.name}`,
    }),
    ...{ archive: choice.archive, rangeCount: choice.rangeCount, queueKind: choice.queueKind },
    archiveId: parts.id,
    store: unsettled.watch(store),
    suspects: fileSystemSuspects(parts.journalFolder),
  });
  const settling = new AbortController();
  const running = settler.run(settling.signal);
  try {
    await worker.run(signal);
  } finally {
    settling.abort();
    await running;
  }
  await settler.settleNoted();
}
