import { amqpBroker } from "../../../adapters/amqp/amqp_broker.ts";
import { nodeGzip } from "../../../adapters/compressors/node_gzip.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { systemRandom } from "../../../adapters/system/system_random.ts";
import { RemoteStore } from "../../../engine/remote/remote_store.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { ArchiveParts } from "./archive_parts.ts";
import type { BrokerChoice } from "./broker_choice.ts";

/** What {@link remoteParts} needs beside the archive. */
export interface RemotePartsOptions {
  readonly broker: BrokerChoice;
  /** The name of this node. */
  readonly sender: string;
  readonly reporter: Reporter;
  readonly metrics?: Metrics | undefined;
}

/** How long what is on its way has when the archive is closed. */
const GRACE_MS = 10_000;

/**
 * The parts of an archive that is read where it is and written through a broker: workers store what is put, and
 * settle it. Connects at once; a broker that is away is tried again until the parts are closed.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the broker's address is none.
 */
export function remoteParts(
  parts: ArchiveParts,
  { broker, sender, reporter, metrics }: RemotePartsOptions,
): ArchiveParts {
  const { url, heartbeatS, ...choice } = broker;
  const store = new RemoteStore({
    ...choice,
    broker: amqpBroker({ url, heartbeatS, name: `chatloom ${sender}` }),
    gzip: nodeGzip(),
    reads: parts.files,
    archiveId: parts.id,
    sender,
    clock: systemClock(),
    random: systemRandom(),
    reporter,
    metrics,
  });
  const { packs: _workersPack, ...own } = parts;
  return {
    ...own,
    files: store,
    settles: false,
    storedAtOnce: store.window,
    writableFiles: () => Promise.resolve(store),
    async close() {
      await store.close({ graceMs: GRACE_MS });
      await parts.close();
    },
  };
}
