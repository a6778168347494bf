import { ChatloomError } from "../../../core/errors/errors.ts";
import type {
  BrokerConsumer,
  BrokerLink,
  BrokerTopology,
  ConnectOptions,
  ConsumeOptions,
  Delivery,
  Publication,
  PublishOutcome,
  QueueState,
} from "../../../ports/remote/broker.ts";
import type { HeldMessage, MemoryExchanges } from "./memory_exchanges.ts";
import type { MemoryQueue, QueueConsumer } from "./memory_queue.ts";

/** What a {@link MemoryLink} is made of. */
export interface MemoryLinkParts {
  readonly exchanges: MemoryExchanges;
  /** The routing key of replies to this link. */
  readonly replyName: string;
  readonly publish: (message: Publication) => Promise<PublishOutcome>;
  /** Called once, when the link ends. */
  readonly onEnd: () => void;
  readonly options: ConnectOptions;
}

/** One connection to a broker in memory. */
export class MemoryLink implements BrokerLink {
  readonly #parts: MemoryLinkParts;
  readonly #lost = new AbortController();
  readonly #unanswered = new Set<MemoryDelivery>();
  readonly #consumers = new Set<{ leave(): void }>();

  /** A link that works. */
  constructor(parts: MemoryLinkParts) {
    this.#parts = parts;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The routing key of replies to this link. */
  get replyName(): string {
    return this.#parts.replyName;
  }

  /** What it was made with. */
  get options(): ConnectOptions {
    return this.#parts.options;
  }

  /** Breaks the link. */
  lose(why: string): void {
    if (this.lost.aborted) return;
    this.#parts.onEnd();
    this.#lost.abort(new ChatloomError("STORE_UNREACHABLE", `Cannot use the broker: ${why}`));
    for (const consumer of this.#consumers) consumer.leave();
    // What is given back last goes in first, so the order stays.
    for (const delivery of [...this.#unanswered]) delivery.giveBack();
  }

  async declare(topology: BrokerTopology): Promise<void> {
    await this.#turn();
    this.#parts.exchanges.declare(topology);
  }

  publish(message: Publication): Promise<PublishOutcome> {
    return orLost(this.#turn().then(() => this.#parts.publish(message)), this.lost);
  }

  async consume(name: string, options: ConsumeOptions): Promise<BrokerConsumer> {
    await this.#turn();
    const queue = this.#parts.exchanges.get(name);
    const held = new Set<MemoryDelivery>();
    const take = (delivery: MemoryDelivery) => {
      held.delete(delivery);
      this.#unanswered.delete(delivery);
      queue.wake();
    };
    const consumer: QueueConsumer = {
      get hasRoom() {
        return held.size < options.prefetch;
      },
      deliver: (place, message) => {
        const delivery = new MemoryDelivery({ queue, place, message, onAnswer: take });
        held.add(delivery);
        this.#unanswered.add(delivery);
        options.onDelivery(delivery);
      },
      onEnd: () => {
        this.#consumers.delete(ended);
        options.onCancelled?.();
      },
    };
    const ended = { leave: () => queue.leave(consumer) };
    this.#consumers.add(ended);
    queue.join(consumer);
    const cancel = async () => {
      await Promise.resolve();
      this.#consumers.delete(ended);
      queue.leave(consumer);
    };
    const close = async () => {
      await cancel();
      for (const delivery of [...held]) delivery.giveBack();
    };
    return { cancel, close };
  }

  async take(name: string): Promise<Delivery | undefined> {
    await this.#turn();
    const queue = this.#parts.exchanges.get(name);
    if (queue.declared.hasSingleConsumer) {
      const why = "it is for a single consumer";
      throw new ChatloomError("STORE_REFUSED", `Cannot take from queue "${name}": ${why}`);
    }
    const first = queue.take();
    if (first === undefined) return undefined;
    const onAnswer = (answered: MemoryDelivery) => void this.#unanswered.delete(answered);
    const delivery = new MemoryDelivery({ queue, ...first, onAnswer });
    this.#unanswered.add(delivery);
    return delivery;
  }

  async inspect(name: string): Promise<QueueState | undefined> {
    await this.#turn();
    const queue = this.#parts.exchanges.find(name);
    return queue && { readyCount: queue.readyCount, consumerCount: queue.consumerCount };
  }

  async deleteQueue(name: string): Promise<void> {
    await this.#turn();
    this.#parts.exchanges.delete(name);
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.lose("the link was closed");
  }

  /** What is asked arrives after what runs now. */
  async #turn(): Promise<void> {
    this.lost.throwIfAborted();
    await Promise.resolve();
    this.lost.throwIfAborted();
  }
}

interface MemoryDeliveryParts {
  readonly queue: MemoryQueue;
  readonly place: number;
  readonly message: HeldMessage;
  readonly onAnswer: (delivery: MemoryDelivery) => void;
}

class MemoryDelivery implements Delivery {
  readonly #parts: MemoryDeliveryParts;
  readonly body: Uint8Array;
  #isAnswered = false;

  constructor(parts: MemoryDeliveryParts) {
    this.#parts = parts;
    this.body = parts.message.body.slice();
  }

  get headers() {
    return this.#parts.message.headers;
  }
  get messageId() {
    return this.#parts.message.messageId;
  }
  get correlationId() {
    return this.#parts.message.correlationId;
  }
  get replyTo() {
    return this.#parts.message.replyTo;
  }
  get contentEncoding() {
    return this.#parts.message.contentEncoding;
  }
  get appId() {
    return this.#parts.message.appId;
  }
  get exchange() {
    return this.#parts.message.exchange;
  }
  get routingKey() {
    return this.#parts.message.routingKey;
  }
  get isRedelivered() {
    return this.#parts.message.isRedelivered;
  }
  get failedCount() {
    const { queue, message } = this.#parts;
    return queue.declared.kind === "quorum" ? message.failedCount : undefined;
  }
  get death() {
    return this.#parts.message.death;
  }

  acknowledge(): void {
    this.#answer();
  }

  giveBack(): void {
    const { queue, place, message } = this.#parts;
    if (this.#answer()) queue.giveBack(place, message);
  }

  reject(): void {
    if (this.#answer()) this.#parts.queue.reject(this.#parts.message);
  }

  #answer(): boolean {
    if (this.#isAnswered) return false;
    this.#isAnswered = true;
    this.#parts.onAnswer(this);
    return true;
  }
}

function orLost<T>(promise: Promise<T>, lost: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(lost.reason);
    if (lost.aborted) leave();
    lost.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => lost.removeEventListener("abort", leave));
  });
}
