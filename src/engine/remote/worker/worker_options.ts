import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import type { Random } from "../../../ports/random.ts";
import type { Broker } from "../../../ports/remote/broker.ts";
import type { Gzip } from "../../../ports/remote/gzip.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { SuspectNotes } from "../../../ports/remote/suspect_notes.ts";

/** What a worker works with. */
export interface WorkerOptions {
  /** Brings what senders put. */
  readonly broker: Broker;
  /** The name of the archive at the broker. */
  readonly archive: string;
  /** The id of the archive, which senders may name: those that read another one are refused. */
  readonly archiveId?: string | undefined;
  /** Into how many ranges channels are split; the same at all senders and workers. @default 16 */
  readonly rangeCount?: number | undefined;
  /** The kind of the queues; the same at all senders and workers. @default classic */
  readonly queueKind?: "classic" | "quorum" | undefined;
  /** The ranges that this worker takes a share of. @default all */
  readonly ranges?: readonly number[] | undefined;
  /** The archive. A file is safe when its `put` resolves. */
  readonly store: BatchStore;
  /** The mutex for deleting from the archive. */
  readonly lock: ArchiveLock;
  /** Checks what came. */
  readonly hasher: Hasher;
  /** Decompresses what came. @default by the platform's streams, which take longer */
  readonly gzip?: Gzip | undefined;
  /** Measures waits. */
  readonly clock: Clock;
  /** Varies waits. */
  readonly random: Random;
  /** Told of trouble. */
  readonly reporter: Reporter;
  /** Measures time to acknowledgement, and what is held. @default not measured */
  readonly metrics?: Metrics | undefined;
  /** The name of this worker, for senders and logs. */
  readonly name: string;
  /** Remembers which messages were handled when a worker died. */
  readonly suspects: SuspectNotes;
  /** How many files are stored at once. @default 100 */
  readonly batchSize?: number | undefined;
  /** How many messages of a range are in hand. @default 100 */
  readonly prefetchCount?: number | undefined;
  /** How many bytes of messages of all ranges are in hand, about. @default 32 MiB */
  readonly prefetchBytes?: number | undefined;
  /** How long what is in hand has to be stored when the worker ends. @default 10 s */
  readonly graceMs?: number | undefined;
  /** How often a worker looks whether it has more than its share of the ranges. @default 30 s */
  readonly rebalanceMs?: number | undefined;
  /** Called with the key of each file that was stored or deleted: a settler's ear. */
  onStored?(key: ArchiveKey): void;
}

/** Bytes of messages that a worker has in hand, of all ranges. */
export interface HeldBytes {
  bytes: number;
}

/** How many files are stored at once. */
export const BATCH_SIZE = 100;

/** How many messages of a range are in hand. */
export const PREFETCH_COUNT = 100;

/** How many bytes of messages are in hand. */
export const PREFETCH_BYTES = 32 * 1024 * 1024;
