import { amqpBroker } from "../../../adapters/amqp/amqp_broker.ts";
import { nodeGzip } from "../../../adapters/compressors/node_gzip.ts";
import { fileSystemSuspects } from "../../../adapters/file_system/file_system_suspects.ts";
import { measuredStore } from "../../../engine/metrics/measured_store.ts";
import { Unsettled } from "../../../engine/settle/unsettled.ts";
import { SettlingWorker } from "../../../engine/remote/worker/settling_worker.ts";
import type { WorkerOptions } from "../../../engine/remote/worker/worker_options.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import { type Archive, writableStore } from "../archive.ts";
import type { BrokerChoice } from "../parts/broker_choice.ts";

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
  const { store: files } = await writableStore(archive, { signal });
  const { metrics } = own;
  const store = metrics === undefined ? files : measuredStore(files, { reporter, metrics });
  const { lock } = parts;
  const unsettled = new Unsettled(parts.unsettled, { clock, reporter });
  const worker = new SettlingWorker({
    gzip: nodeGzip(),
    ...{ ...own, hasher, clock, random, reporter, lock, store, unsettled },
    broker: amqpBroker({
      url: choice.url,
      heartbeatS: choice.heartbeatS,
      name: `chatloom worker ${own.name}`,
    }),
    ...{ archive: choice.archive, rangeCount: choice.rangeCount, queueKind: choice.queueKind },
    archiveId: parts.id,
    suspects: fileSystemSuspects(parts.journalFolder),
  });
  await worker.run(signal);
}
