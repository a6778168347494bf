import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../ports/random.ts";
import type { Broker } from "../../ports/remote/broker.ts";
import type { Gzip } from "../../ports/remote/gzip.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** What a `RemoteStore` works with. */
export interface RemoteStoreOptions {
  /** Where writes go. */
  readonly broker: Broker;
  /** The store that the workers write, for reading. */
  readonly reads: BatchStore;
  /** The name of the archive at the broker. */
  readonly archive: string;
  /** The id of the archive in `reads`: a worker that writes another is refused. @default not checked */
  readonly archiveId?: string | undefined;
  /** The name of this sender, for those who look into the broker. */
  readonly sender: string;
  /** Measures how long calls wait. */
  readonly clock: Clock;
  /** Names this sender, and varies pauses. */
  readonly random: Random;
  /** Told of what an operator should see. */
  readonly reporter: Reporter;
  /** Gets how long calls take, and what waits. @default none */
  readonly metrics?: Metrics | undefined;
  /** Into how many ranges channels are split; the same at all senders and workers. @default 16 */
  readonly rangeCount?: number | undefined;
  /** What the queues are; the same at all senders and workers. @default classic */
  readonly queueKind?: "classic" | "quorum" | undefined;
  /** For how long a call waits without a sign of progress, at least. @default 60 s */
  readonly waitMinMs?: number | undefined;
  /** As `waitMinMs`, for each hundred messages of the same range that are on their way. @default 10 s */
  readonly waitPerBatchMs?: number | undefined;
  /** How many messages are on their way at a time. @default 256 */
  readonly windowCount?: number | undefined;
  /** How many bytes of files are on their way at a time. @default 32 MiB */
  readonly windowBytes?: number | undefined;
  /** For how long the broker may take to confirm a message. @default 30 s */
  readonly confirmMaxMs?: number | undefined;
  /** Compress files on their way. @default true */
  readonly compresses?: boolean | undefined;
  /** Compresses them. @default by the platform's streams, which take longer */
  readonly gzip?: Gzip | undefined;
}
