import { abortWith, untilAborted } from "../../../async/abort.ts";
import {
  deadLetterName,
  remoteTopology,
  type RemoteTopologyOptions,
  workersQueue,
} from "../../../core/remote/remote_topology.ts";
import {
  formatStatusQuestion,
  parseStatus,
  type WorkerStatus,
} from "../../../core/remote/worker_status.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Broker, BrokerLink, BrokerMessage } from "../../../ports/remote/broker.ts";

/** How {@link readTopology} works. */
export interface ReadTopologyOptions extends RemoteTopologyOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** How long workers have to answer, in ms. @default 3 s */
  readonly answerMaxMs?: number | undefined;
}

/** A queue, with what the broker counted. */
export interface QueueReport {
  readonly name: string;
  /** Whether the broker has it. */
  readonly isThere: boolean;
  /** Messages that wait in it; those in a worker's hand are not among them. */
  readonly readyCount: number;
  /** Who stands at it: one of them consumes. */
  readonly consumerCount: number;
}

/** The queue of a range. */
export interface RangeReport extends QueueReport {
  readonly range: number;
  /** The workers that say that messages of it come to them: one, or for a moment two. */
  readonly workers: readonly string[];
}

/** What the broker has for an archive. */
export interface TopologyReport {
  readonly exchanges: readonly { readonly name: string; readonly kind: string }[];
  readonly ranges: readonly RangeReport[];
  readonly dead: QueueReport;
  /** How many workers stand at their common queue. */
  readonly workerCount: number;
  /** Those that answered in time, by name. */
  readonly workers: readonly WorkerStatus[];
}

const ANSWER_MAX_MS = 3_000;
/** More than these are not asked. */
const WORKERS_MAX = 1_000;

/**
 * Looks at the queues of an archive and asks its workers what they consume. Makes nothing at the broker.
 *
 * @throws {ChatloomError} `STORE_UNREACHABLE` or `STORE_REFUSED` when the broker cannot be used.
 */
export async function readTopology(options: ReadTopologyOptions): Promise<TopologyReport> {
  const { broker, archive, rangeCount, queueKind, signal } = options;
  const { exchanges, queues } = remoteTopology({ archive, rangeCount, queueKind });
  const answers = new Map<string, WorkerStatus>();
  let heard = (): void => {};
  const onReply = (reply: BrokerMessage) => {
    const status = parseStatus(reply.headers);
    if (status === undefined || answers.size >= WORKERS_MAX) return;
    answers.set(status.worker, status);
    heard();
  };
  const link = await broker.connect({ onReply, ...(signal === undefined ? {} : { signal }) });
  try {
    const workerCount = (await link.inspect(workersQueue(archive)))?.consumerCount ?? 0;
    const asked = Math.min(workerCount, WORKERS_MAX);
    const enough = new AbortController();
    heard = () => answers.size >= asked && enough.abort();
    for (let i = 0; i < asked; i++) await ask(link, archive);
    const reports = await Promise.all(queues.map(({ name }) => inspect(link, name)));
    if (answers.size < asked) await waitFor(enough, options);
    const workers = [...answers.values()].sort((a, b) => a.worker < b.worker ? -1 : 1);
    const consumersOf = (range: number) =>
      workers.filter(({ activeRanges }) => activeRanges.includes(range)).map((each) => each.worker);
    const dead = deadLetterName(archive);
    const ranges = reports.filter(({ name }) => name !== dead)
      .map((report, range) => ({ ...report, range, workers: consumersOf(range) }));
    const deadReport = reports.find(({ name }) => name === dead)!;
    return { exchanges, ranges, dead: deadReport, workerCount, workers };
  } finally {
    await link.close();
  }
}

/** Asks one of the workers at their common queue: each keeps a question until it has answered, and takes one. */
async function ask(link: BrokerLink, archive: string): Promise<void> {
  await link.publish({
    ...{ exchange: "", routingKey: workersQueue(archive), headers: formatStatusQuestion() },
    ...{ body: new Uint8Array(0), wantsReply: true },
  });
}

async function inspect(link: BrokerLink, name: string): Promise<QueueReport> {
  const state = await link.inspect(name);
  const { readyCount, consumerCount } = state ?? { readyCount: 0, consumerCount: 0 };
  return { name, isThere: state !== undefined, readyCount, consumerCount };
}

async function waitFor(
  enough: AbortController,
  { clock, signal, answerMaxMs = ANSWER_MAX_MS }: ReadTopologyOptions,
): Promise<void> {
  const unlink = abortWith(enough, signal);
  await Promise.race([
    clock.sleep(answerMaxMs, enough.signal).catch(() => {}), // All have answered.
    untilAborted(enough.signal),
  ]);
  enough.abort();
  unlink();
  signal?.throwIfAborted();
}
