import type { AbortOptions } from "../batch_store.ts";

/** What a message says about itself, beside its body. */
export interface BrokerMessage {
  /** Its body. The receiver may change it; who publishes must not until it is confirmed. */
  readonly body: Uint8Array;
  /** Names and values that travel with it. From the network values of other types are left out. */
  readonly headers: ReadonlyMap<string, string | number>;
  /** What tells it from others; two with the same id are the same message, sent twice. */
  readonly messageId?: string | undefined;
  /** What the reply to it carries. */
  readonly correlationId?: string | undefined;
  /** The routing key for a reply, on the exchange `""`. Only a delivery has it. */
  readonly replyTo?: string | undefined;
  /** How the body is compressed, such as `gzip`. */
  readonly contentEncoding?: string | undefined;
  /** The program that sent it. */
  readonly appId?: string | undefined;
}

/** A message to publish. It survives a restart of the broker once it is in a queue and confirmed. */
export interface Publication extends Omit<BrokerMessage, "replyTo"> {
  /** Where it goes; `""` is the exchange that leads to each queue, and to who waits for a reply, by name. */
  readonly exchange: string;
  /** The routing key that it is published with. */
  readonly routingKey: string;
  /** Whether a reply is wanted, which comes to `onReply` of this link. @default false */
  readonly wantsReply?: boolean | undefined;
}

/**
 * What became of a published message: `confirmed` by every queue that it belongs in, `returned` because
 * it belongs in none, or `refused` by a queue that is full or failing. Of a reply whose asker has gone it says
 * one of these, and it is dropped.
 */
export type PublishOutcome = "confirmed" | "returned" | "refused";

/** Why and from where a message was moved to a queue of dead letters; the latest time. */
export interface Death {
  /** The queue in which it died. */
  readonly queue: string;
  /** `rejected`, `delivery_limit`, or another word of the broker. */
  readonly reason: string;
  /** The exchange that had brought it there. */
  readonly exchange: string;
  /** The routing key that it had there. */
  readonly routingKey: string;
}

/** A message from a queue. The queue keeps it until it is acknowledged. */
export interface Delivery extends BrokerMessage {
  /** The exchange that brought it; `""` if it was published to its queue by name. */
  readonly exchange: string;
  /** The routing key that it was published with. */
  readonly routingKey: string;
  /** Whether it may have been delivered before, to this consumer or another. */
  readonly isRedelivered: boolean;
  /** How many deliveries before this one failed, where the queue counts them. */
  readonly failedCount: number | undefined;
  /** Where it died, if it did. */
  readonly death: Death | undefined;
  /** Deletes it from the queue. Does nothing if it was answered before, or the link is lost. */
  acknowledge(): void;
  /**
   * Gives it back: it is delivered again, flagged. Some brokers put it before what came later, others after what
   * is on its way. Does nothing as above.
   */
  giveBack(): void;
  /** Moves it to the queue's exchange for dead letters, or drops it where there is none. Does nothing as above. */
  reject(): void;
}

/** An exchange, which survives a restart of the broker. */
export interface ExchangeDeclaration {
  /** Its name. */
  readonly name: string;
  /** `direct` leads to the queues bound by the routing key, `fanout` to all that are bound. */
  readonly kind: "direct" | "fanout";
}

/** A queue, which survives a restart of the broker. When it is full, it refuses. */
export interface QueueDeclaration {
  /** Its name. */
  readonly name: string;
  /** `quorum` has copies on several machines and counts failed deliveries; `classic` does neither. */
  readonly kind: "classic" | "quorum";
  /** The exchanges that lead here, with the routing key for which they do. */
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
  /** Delivers to one consumer at a time: the next in line takes over when it leaves. @default false */
  readonly hasSingleConsumer?: boolean | undefined;
  /** Gets what is rejected. @default none: it is dropped */
  readonly deadLetterExchange?: string | undefined;
  /** After how many failed deliveries a quorum queue rejects a message by itself. @default never */
  readonly deliveryLimit?: number | undefined;
  /** How many bytes of bodies it holds. @default as many as there is room for */
  readonly maxBytes?: number | undefined;
  /** How many messages it holds; some brokers take one more. @default as many as there is room for */
  readonly maxMessages?: number | undefined;
}

/** Exchanges and queues that belong together. */
export interface BrokerTopology {
  /** Exchanges; they are made first. */
  readonly exchanges: readonly ExchangeDeclaration[];
  /** Queues, with what leads to them. */
  readonly queues: readonly QueueDeclaration[];
}

/** What a queue holds, as the broker last counted: some count every few seconds. */
export interface QueueState {
  /** Messages that are ready to be delivered. */
  readonly readyCount: number;
  /** Consumers; of a quorum queue for a single consumer RabbitMQ counts one at the most (3.10, seen 2026-11). */
  readonly consumerCount: number;
}

/** How a queue is consumed. */
export interface ConsumeOptions {
  /** How many deliveries may be unanswered at a time: a whole number from 1 on. */
  readonly prefetch: number;
  /** Called for each delivery, in order. Must not throw. */
  onDelivery(delivery: Delivery): void;
  /** Called when the broker ends this consumer by itself, as when the queue is deleted. */
  onCancelled?(): void;
}

/** Who consumes a queue. */
export interface BrokerConsumer {
  /**
   * Ends it; when it resolves, nothing more is delivered. What was delivered can still be answered. Twice is
   * as once.
   */
  cancel(): Promise<void>;
  /** {@link BrokerConsumer.cancel}, and gives back all that was delivered and not answered. */
  close(): Promise<void>;
}

/** How a link is made. */
export interface ConnectOptions extends AbortOptions {
  /** Called for each reply to a message of this link. Must not throw. @default replies are dropped */
  onReply?(reply: BrokerMessage): void;
  /**
   * Called when the broker stops taking messages, as when its disk is full, and when it takes them again.
   * Meanwhile what is published is neither confirmed nor refused. Must not throw.
   */
  onBlocked?(isBlocked: boolean): void;
}

/**
 * A connection to a broker. When it is lost it stays so; make another.
 *
 * All calls but `publish` end within a limited time, whatever the broker does, and reject with a
 * `ChatloomError`: `STORE_UNREACHABLE` when the link is lost or the broker does not answer, `STORE_REFUSED` when
 * it answers with a refusal.
 */
export interface BrokerLink {
  /** Aborts when the connection is lost or closed; the reason says why. */
  readonly lost: AbortSignal;

  /**
   * Makes what is not there. What is there as declared stays as it is.
   *
   * @throws {ChatloomError} `STORE_REFUSED` when something of that name is there and differs.
   */
  declare(topology: BrokerTopology): Promise<void>;

  /**
   * Publishes a message. Messages of one link to one queue keep their order. Resolves when the broker has
   * taken charge or has said that it does not; how long that takes is up to the broker.
   *
   * @throws {ChatloomError} `STORE_UNREACHABLE` when the link is lost: the message may be in its queue or not.
   */
  publish(message: Publication): Promise<PublishOutcome>;

  /**
   * Consumes a queue.
   *
   * @throws {ChatloomError} `STORE_REFUSED` when there is no such queue.
   */
  consume(queue: string, options: ConsumeOptions): Promise<BrokerConsumer>;

  /**
   * Takes the first message of a queue, or `undefined` when it has none. Unanswered ones are given back
   * when the link ends.
   *
   * @throws {ChatloomError} `STORE_REFUSED` when there is no such queue, or it is for a single consumer.
   */
  take(queue: string): Promise<Delivery | undefined>;

  /** What a queue holds; `undefined` when there is no such queue. */
  inspect(queue: string): Promise<QueueState | undefined>;

  /** Deletes a queue with what is in it. Deleting what is not there does nothing. */
  deleteQueue(queue: string): Promise<void>;

  /** Ends the link after what was published and answered. Never rejects. Twice is as once. */
  close(): Promise<void>;
}

/**
 * A message broker: it keeps messages in queues until a consumer has acknowledged them.
 *
 * It may deliver a message twice, and a broker that dies may lose what it has confirmed: what must not be lost
 * needs an acknowledgement from its end. Implementations prove themselves with `brokerSuite`.
 */
export interface Broker {
  /**
   * Makes a link.
   *
   * @throws {ChatloomError} `STORE_UNREACHABLE` when no broker answers in time, `STORE_REFUSED` when it does not
   * let the user in. Rejects with `signal.reason` if that aborts before.
   */
  connect(options?: ConnectOptions): Promise<BrokerLink>;
}
