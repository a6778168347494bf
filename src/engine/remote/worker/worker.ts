import { abortWith, untilAborted } from "../../../async/abort.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { DEFAULT_RANGE_COUNT } from "../../../core/remote/channel_range.ts";
import {
  deadLetterName,
  rangeQueue,
  remoteTopology,
  workersQueue,
} from "../../../core/remote/remote_topology.ts";
import { formatStatus, isStatusQuestion } from "../../../core/remote/worker_status.ts";
import type { BrokerLink, Delivery } from "../../../ports/remote/broker.ts";
import { keepLink } from "../keep_link.ts";
import { RangeWorker } from "./range_worker.ts";
import type { HeldBytes, WorkerOptions } from "./worker_options.ts";

const GRACE_MS = 10_000;
const REBALANCE_MS = 30_000;
/** For how long a worker that has said what it does is not asked again. */
const ANSWERED_PAUSE_MS = 500;

/**
 * Stores what senders hand to the broker, for its share of the ranges of an archive.
 *
 * A worker stands in line at the queue of each of its ranges; the broker lets the first in line consume. All
 * workers also stand at one queue for questions, so each knows how many there are. One that consumes more
 * than its share leaves what is too much, and goes to the end of the line there. One that dies leaves its place
 * to the next.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #ranges: readonly number[];
  readonly #held: HeldBytes = { bytes: 0 };
  #working: readonly RangeWorker[] = [];
  readonly #depths = new Map<string, number>();

  /** A worker that begins with {@link Worker.run}. */
  constructor(options: WorkerOptions) {
    const { rangeCount = DEFAULT_RANGE_COUNT, metrics } = options;
    this.#options = options;
    this.#ranges = options.ranges ?? Array.from({ length: rangeCount }, (_, range) => range);
    for (const range of this.#ranges) {
      if (range >= 0 && range < rangeCount) continue;
      throw new RangeError(`Cannot work on range ${range} of ${rangeCount}`);
    }
    const each = (read: (worker: RangeWorker) => number) => () =>
      this.#working.map((worker) => ({
        labels: { range: String(worker.range) },
        value: read(worker),
      }));
    metrics?.gauge("worker_ranges", () => [{ value: this.activeRanges.length }]);
    metrics?.gauge("worker_held_messages", each(({ heldCount }) => heldCount));
    metrics?.gauge("worker_range_lag_seconds", each(({ lagSeconds }) => lagSeconds));
    metrics?.gauge(
      "queue_messages",
      () => [...this.#depths].map(([queue, value]) => ({ labels: { queue }, value })),
    );
  }

  /** The ranges from which messages came since this worker joined their lines. */
  get activeRanges(): number[] {
    return this.#working.filter(({ isActive }) => isActive).map(({ range }) => range);
  }

  /**
   * Works until `signal` aborts: then what is in hand is stored, as far as that goes in `graceMs`, and the rest is
   * given back. A broker that is away is tried again for ever.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, graceMs = GRACE_MS, broker, random, reporter, archive } = this.#options;
    const { rangeCount, queueKind } = this.#options;
    const ender = new AbortController();
    let serving: Promise<void> = Promise.resolve();
    const topology = remoteTopology({ archive, rangeCount, queueKind });
    const workers = { name: workersQueue(archive), kind: "classic" as const, bindings: [] };
    const keeping = keepLink({
      ...{ broker, clock, random, reporter, signal: ender.signal },
      prepare: (link) => link.declare({ ...topology, queues: [...topology.queues, workers] }),
      onLink: (link) => serving = this.#serve(link, signal),
    });
    const draining = (async () => {
      await untilAborted(signal);
      const late = new AbortController();
      await Promise.race([serving, clock.sleep(graceMs, late.signal).catch(() => {})]);
      late.abort();
      ender.abort();
    })();
    await Promise.race([keeping, draining]);
    await keeping;
    await serving;
  }

  async #serve(link: BrokerLink, stop: AbortSignal): Promise<void> {
    const { archive } = this.#options;
    const done = new AbortController();
    const unlink = abortWith(done, link.lost);
    const unstop = abortWith(done, stop);
    try {
      this.#working = this.#ranges.map((range) =>
        new RangeWorker(range, { options: this.#options, link, held: this.#held, stop })
      );
      await link.consume(workersQueue(archive), {
        prefetch: 1,
        onDelivery: (delivery) => void this.#answer(delivery, { link, done: done.signal }),
      });
      const balancing = this.#keepBalance(link, done.signal);
      const running = this.#working.map(async (worker) => {
        try {
          await worker.run();
        } catch (error) {
          await this.#end(link, error);
        }
      });
      await Promise.all([balancing, ...running]);
    } catch (error) {
      await this.#end(link, error);
    } finally {
      unlink();
      unstop();
      this.#working = [];
    }
  }

  /**
   * Says what this worker does to who asks at the workers' queue. It keeps the question for a moment, so that
   * others asked beside it come to other workers.
   */
  async #answer(
    delivery: Delivery,
    { link, done }: { readonly link: BrokerLink; readonly done: AbortSignal },
  ): Promise<void> {
    const { replyTo, correlationId, headers } = delivery;
    const { clock, name } = this.#options;
    if (replyTo !== undefined && isStatusQuestion(headers)) {
      const heldCount = this.#working.reduce((sum, worker) => sum + worker.heldCount, 0);
      const status = { worker: name, activeRanges: this.activeRanges, heldCount };
      link.publish({
        ...{ exchange: "", routingKey: replyTo, correlationId, body: new Uint8Array(0) },
        headers: formatStatus(status),
      }).catch(() => {}); // Who asked can ask again.
      await clock.sleep(ANSWERED_PAUSE_MS, done).catch(() => {}); // Ends: another is asked.
    }
    delivery.acknowledge();
  }

  /** Ends a link that cannot be worked with: another one is made. */
  async #end(link: BrokerLink, error: unknown): Promise<void> {
    const isLost = link.lost.aborted;
    await link.close();
    if (!(error instanceof ChatloomError)) throw error;
    if (isLost) return;
    const fields = { code: error.code, error: error.message };
    this.#options.reporter.report("warning", "The broker refuses a worker: it tries again", fields);
  }

  async #keepBalance(link: BrokerLink, done: AbortSignal): Promise<void> {
    const { clock, random, rebalanceMs = REBALANCE_MS } = this.#options;
    while (!done.aborted) {
      // Spread, so that two workers seldom leave the same queue at once.
      const pauseMs = rebalanceMs * (0.75 + random.next() / 2);
      await clock.sleep(pauseMs, done).catch(() => {}); // Ends: the loop does, too.
      if (done.aborted) return;
      try {
        await this.#measureDepths(link);
        await this.#releaseSurplus(link);
      } catch (error) {
        if (!(error instanceof ChatloomError)) throw error; // The link is lost, or will be.
      }
    }
  }

  async #releaseSurplus(link: BrokerLink): Promise<void> {
    const state = await link.inspect(workersQueue(this.#options.archive));
    const workerCount = Math.max(1, state?.consumerCount ?? 1);
    const share = Math.ceil(this.#ranges.length / workerCount);
    const active = this.#working.filter(({ isActive }) => isActive);
    for (const worker of active.slice(share)) {
      this.#options.reporter.count("worker_ranges_left");
      await worker.release();
    }
  }

  async #measureDepths(link: BrokerLink): Promise<void> {
    const { archive, rangeCount } = this.#options;
    const queues = this.#ranges.map((range) => rangeQueue(archive, { range, rangeCount }));
    for (const queue of [...queues, deadLetterName(archive)]) {
      const state = await link.inspect(queue);
      if (state !== undefined) this.#depths.set(queue, state.readyCount);
    }
  }
}
