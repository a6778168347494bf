import { untilEither } from "../../../async/abort.ts";
import { formatReply, type StoreReply } from "../../../core/remote/envelope.ts";
import { ChannelRanges } from "../../../core/remote/channel_range.ts";
import { rangeQueue } from "../../../core/remote/remote_topology.ts";
import { MILLISECOND_US, SECOND_US } from "../../../core/time.ts";
import type { BrokerConsumer, BrokerLink, Delivery } from "../../../ports/remote/broker.ts";
import { Backoff } from "../../session/timing/backoff.ts";
import { checkRequest } from "./check_request.ts";
import { buryDelivery } from "./dead_letters.ts";
import { carryOutTasks, type GoodDelivery, type StoreTask, tasksOf } from "./store_group.ts";
import { DEATHS_MAX, suspectId } from "./suspects.ts";
import {
  BATCH_SIZE,
  type HeldBytes,
  PREFETCH_BYTES,
  PREFETCH_COUNT,
  type WorkerOptions,
} from "./worker_options.ts";

/** What a worker's log says, with the `range`, when messages of it begin to come to this worker. */
export const RANGE_TAKEN = "A range comes to this worker";

/** What it says before the next in line may have the range. */
export const RANGE_LEFT = "A range leaves this worker";

const RETRY_MAX_MS = 30_000;
/** Brokers close a link that holds a message for 30 minutes: another worker may reach the store. */
const FAILING_MAX_MS = 10 * 60_000;
/** A range whose store failed so long is left alone for this long. */
const AWAY_MS = 60_000;

/** What a {@link RangeWorker} works with, beside its range. */
export interface RangeWorkerOptions {
  readonly options: WorkerOptions;
  readonly link: BrokerLink;
  readonly held: HeldBytes;
  /** Aborts when the worker shall end: what has come is still stored if the store takes it at once. */
  readonly stop: AbortSignal;
}

/** Consumes the queue of one range over one link: stores what comes, and says so. */
export class RangeWorker {
  readonly range: number;
  readonly #context: RangeWorkerOptions;
  readonly #queue: string;
  readonly #ranges: ChannelRanges;
  readonly #backoff: Backoff;
  #inbox: { readonly delivery: Delivery; readonly sinceUs: number }[] = [];
  readonly #sinceUs = new Map<Delivery, number>();
  #wake = (): void => {};
  #consumer: BrokerConsumer | undefined;
  #prefetch: number;
  #isActive = false;
  #isLeaving = false;
  /** Whether more came than may be held. */
  #isOver = false;
  #awayMs = 0;

  constructor(range: number, context: RangeWorkerOptions) {
    this.range = range;
    this.#context = context;
    const { archive, rangeCount, random, prefetchCount = PREFETCH_COUNT } = context.options;
    this.#queue = rangeQueue(archive, { range, rangeCount });
    this.#ranges = new ChannelRanges(rangeCount);
    this.#prefetch = prefetchCount;
    this.#backoff = new Backoff(random, { maxMs: RETRY_MAX_MS });
  }

  /** Whether messages come here; else another worker consumes the range, or it was idle since this one joined. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** How many messages are in hand. */
  get heldCount(): number {
    return this.#sinceUs.size;
  }

  /** For how long the oldest message is in hand, in seconds. */
  get lagSeconds(): number {
    const [firstUs] = this.#sinceUs.values();
    if (firstUs === undefined) return 0;
    return (this.#context.options.clock.elapsedUs() - firstUs) / SECOND_US;
  }

  /** Leaves the queue to the next in line, when what is in hand is stored, and joins the line again. */
  async release(): Promise<void> {
    this.#isLeaving = true;
    this.#setActive(false);
    await this.#consumer?.cancel();
    this.#wake();
  }

  /**
   * Works until the link is lost or the worker stops. What is not stored then is given back.
   *
   * @throws {ChatloomError} when the broker does not let it consume.
   */
  async run(): Promise<void> {
    const { link, stop, options: { clock } } = this.#context;
    const stopped = () => {
      this.#setActive(false);
      void this.#consumer?.cancel().catch(() => {}); // A link that is lost delivers nothing either.
      this.#wake();
    };
    stop.addEventListener("abort", stopped);
    link.lost.addEventListener("abort", stopped);
    try {
      while (!stop.aborted && !link.lost.aborted) {
        await this.#consume();
        if (this.#awayMs === 0) continue;
        await untilEitherOr(clock.sleep(this.#awayMs, stop), link.lost, stop);
        this.#awayMs = 0;
      }
    } finally {
      stop.removeEventListener("abort", stopped);
      link.lost.removeEventListener("abort", stopped);
      this.#forgetAll();
    }
  }

  /** Consumes until the range is left. */
  async #consume(): Promise<void> {
    const { link, stop } = this.#context;
    [this.#isLeaving, this.#isOver] = [false, false];
    const consumer = await link.consume(this.#queue, {
      prefetch: this.#prefetch,
      onDelivery: (delivery) => this.#receive(delivery),
      // As when the queue was deleted: another link declares it again.
      onCancelled: () => void link.close(),
    });
    this.#consumer = consumer;
    if (stop.aborted) await consumer.cancel();
    try {
      for (;;) {
        if (link.lost.aborted) return;
        if (this.#inbox.length > 0) {
          if (!await this.#handle(this.#takeGroup())) return;
        } else if (this.#isLeaving || stop.aborted) return;
        else await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.#consumer = undefined;
      this.#setActive(false);
      await consumer.close().catch(() => {}); // A lost link gives all of it back.
      this.#forgetAll();
    }
  }

  #setActive(isActive: boolean): void {
    if (isActive === this.#isActive) return;
    this.#isActive = isActive;
    const { reporter } = this.#context.options;
    reporter.report("debug", isActive ? RANGE_TAKEN : RANGE_LEFT, { range: this.range });
  }

  #receive(delivery: Delivery): void {
    const { options, held, stop, link } = this.#context;
    const { clock, reporter, prefetchBytes = PREFETCH_BYTES } = options;
    // What was on its way when the range was left is still taken.
    if (!this.#isLeaving && !stop.aborted && !link.lost.aborted) this.#setActive(true);
    if (delivery.isRedelivered) reporter.count("worker_redeliveries");
    if (this.#isOver) return;
    if (held.bytes + delivery.body.length > prefetchBytes && this.#sinceUs.size > 0) {
      // The broker bounds what it sends by count only. This and what follows is given back when the range is left:
      // one at a time, each would come again at once. Fewer come then, so that none comes back for ever.
      this.#isOver = true;
      this.#prefetch = Math.max(1, Math.floor(this.#sinceUs.size / 2));
      void this.release().catch(() => {}); // A lost link ends the range anyway.
      return;
    }
    const sinceUs = clock.elapsedUs();
    held.bytes += delivery.body.length;
    this.#sinceUs.set(delivery, sinceUs);
    this.#inbox.push({ delivery, sinceUs });
    this.#wake();
  }

  /**
   * What has come, up to a limit. One that was delivered before is alone: if it is what ends workers, it must not
   * be held against the others.
   */
  #takeGroup(): Delivery[] {
    const { batchSize = BATCH_SIZE } = this.#context.options;
    let count = 0;
    while (count < Math.min(batchSize, this.#inbox.length)) {
      if (this.#inbox[count]!.delivery.isRedelivered) break;
      count++;
    }
    return this.#inbox.splice(0, Math.max(1, count)).map(({ delivery }) => delivery);
  }

  /** Stores a group and answers. Returns false when the range has to be left. */
  async #handle(group: readonly Delivery[]): Promise<boolean> {
    const { suspects, hasher, gzip, archive, archiveId } = this.#context.options;
    const [first] = group;
    const isSuspect = group.length === 1 && first!.isRedelivered;
    if (isSuspect) {
      const count = await suspects.add(suspectId(first!));
      if (count > DEATHS_MAX) {
        await this.#refuse(first!, { reason: `${DEATHS_MAX} workers ended while they handled it` });
        await suspects.remove(suspectId(first!));
        return true;
      }
    }
    const good: GoodDelivery[] = [];
    const expected = { hasher, gzip, archive, archiveId, ranges: this.#ranges, range: this.range };
    for (const delivery of group) {
      const checked = await checkRequest(delivery, expected);
      if (checked.ok) good.push({ delivery, ...checked });
      else await this.#refuse(delivery, { reason: checked.reason });
    }
    const isDone = await this.#storeAll(tasksOf(good));
    // That the store fails, or the worker is told to stop, is no death.
    if (isSuspect) await suspects.remove(suspectId(first!));
    return isDone;
  }

  async #storeAll(tasks: readonly StoreTask[]): Promise<boolean> {
    const { link, stop, options } = this.#context;
    const { clock, reporter } = options;
    const beganUs = clock.elapsedUs();
    let left = tasks;
    while (left.length > 0) {
      const failures = await carryOutTasks(left, options);
      const waiting: StoreTask[] = [];
      let code = "";
      for (const [i, task] of left.entries()) {
        const failure = failures[i];
        if (failure === undefined) this.#succeed(task);
        else if (failure.isFinal) {
          for (const delivery of task.deliveries) await this.#refuse(delivery, failure);
        } else {
          waiting.push(task);
          code = failure.code;
          for (const delivery of task.deliveries) {
            this.#reply(delivery, { status: "waiting", ...failure });
          }
        }
      }
      left = waiting;
      if (left.length === 0) break;
      reporter.count("worker_store_errors", { code });
      if (this.#backoff.attempts === 0) {
        reporter.report("warning", "The archive cannot be written: what came is kept", {
          ...{ range: this.range, code },
          error: failures.find((each) => each !== undefined && !each.isFinal)?.reason,
        });
      }
      if (stop.aborted || link.lost.aborted) return false;
      if (clock.elapsedUs() - beganUs > FAILING_MAX_MS * MILLISECOND_US) {
        this.#awayMs = AWAY_MS;
        return false;
      }
      await untilEitherOr(clock.sleep(this.#backoff.nextMs(), stop), link.lost, stop);
      if (stop.aborted || link.lost.aborted) return false;
    }
    if (this.#backoff.attempts > 0) {
      this.#backoff.reset();
      reporter.report("info", "The archive can be written again", { range: this.range });
    }
    return true;
  }

  /** Says that a file is stored, and only then acknowledges its message. */
  #succeed({ key, deliveries }: StoreTask): void {
    const { options } = this.#context;
    options.onStored?.(key);
    for (const [i, delivery] of deliveries.entries()) {
      options.reporter.count("worker_messages", { outcome: i === 0 ? "stored" : "repeated" });
      this.#reply(delivery, { status: "stored" });
      this.#measure(delivery);
      delivery.acknowledge();
      this.#forget(delivery);
    }
  }

  async #refuse(
    delivery: Delivery,
    { reason, code }: { readonly reason: string; readonly code?: string },
  ): Promise<void> {
    const { link, options: { archive, reporter } } = this.#context;
    reporter.count("worker_messages", { outcome: "refused" });
    reporter.report("warning", "A message cannot be stored: it is among the dead letters", {
      ...{ range: this.range, reason, from: delivery.appId },
      key: String(delivery.headers.get("key") ?? "").slice(0, 200),
    });
    this.#reply(delivery, { status: "refused", reason, code });
    // When the link is lost the message comes again.
    await buryDelivery(delivery, { link, archive, reason }).catch(() => {});
    this.#forget(delivery);
  }

  /** Replies, if the sender waits. A reply that is lost is no harm: the sender asks again. */
  #reply({ replyTo, correlationId }: Delivery, reply: StoreReply): void {
    if (replyTo === undefined) return;
    const { link, options: { name, archiveId } } = this.#context;
    link.publish({
      ...{ exchange: "", routingKey: replyTo, correlationId, body: new Uint8Array(0) },
      headers: formatReply({ ...reply, worker: name, archiveId }),
    }).catch(() => {});
  }

  #measure(delivery: Delivery): void {
    const { clock, metrics } = this.#context.options;
    const seconds = (clock.elapsedUs() - this.#sinceUs.get(delivery)!) / SECOND_US;
    metrics?.observe("worker_store_seconds", seconds);
  }

  #forget(delivery: Delivery): void {
    if (this.#sinceUs.delete(delivery)) this.#context.held.bytes -= delivery.body.length;
  }

  #forgetAll(): void {
    for (const delivery of [...this.#sinceUs.keys()]) this.#forget(delivery);
    this.#inbox = [];
  }
}

/** Waits for `sleep`, which may be aborted, or until one of the signals aborts. */
async function untilEitherOr(
  sleep: Promise<void>,
  first: AbortSignal,
  second: AbortSignal,
): Promise<void> {
  await Promise.race([sleep.catch(() => {}), untilEither(first, second)]);
}
