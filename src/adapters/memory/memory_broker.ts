import { ChatloomError } from "../../core/errors/errors.ts";
import type { Broker, BrokerLink, ConnectOptions, Publication } from "../../ports/remote/broker.ts";
import { type HeldMessage, MemoryExchanges } from "./broker/memory_exchanges.ts";
import { MemoryLink } from "./broker/memory_link.ts";

/** A {@link Broker} in memory, with what tests do to one. */
export interface MemoryBroker extends Broker {
  /** Breaks all links, as a broker does that is killed and starts again; queues and messages stay. */
  restart(): void;
  /** Refuses new links, and breaks those there are, until {@link MemoryBroker.start}. */
  stop(): void;
  /** Takes links again. */
  start(): void;
  /** Stops taking messages, as a broker whose disk is full does, or takes them again. */
  block(isBlocked: boolean): void;
}

/**
 * A broker in memory, gone with the process: for simulated worlds and tests. It behaves as RabbitMQ 3.10 does
 * (measured 2026-11). All it does happens in microtasks, so it has no time of its own.
 */
export function memoryBroker(): MemoryBroker {
  return new BrokerInMemory();
}

class BrokerInMemory implements MemoryBroker {
  readonly #exchanges = new MemoryExchanges();
  readonly #links = new Set<MemoryLink>();
  #linkCount = 0;
  #isStopped = false;
  #isBlocked = false;
  #waiting: (() => void)[] = [];

  async connect(options: ConnectOptions = {}): Promise<BrokerLink> {
    options.signal?.throwIfAborted();
    await Promise.resolve();
    options.signal?.throwIfAborted();
    if (this.#isStopped) {
      throw new ChatloomError("STORE_UNREACHABLE", "Cannot reach the broker: it is stopped");
    }
    const replyName = `amq.reply.${++this.#linkCount}`;
    const link: MemoryLink = new MemoryLink({
      exchanges: this.#exchanges,
      replyName,
      publish: (message) => this.#publish(message, link),
      onEnd: () => this.#links.delete(link),
      options,
    });
    this.#links.add(link);
    if (this.#isBlocked) options.onBlocked?.(true);
    return link;
  }

  restart(): void {
    for (const link of [...this.#links]) link.lose("the broker restarted");
  }

  stop(): void {
    this.#isStopped = true;
    this.restart();
  }

  start(): void {
    this.#isStopped = false;
  }

  block(isBlocked: boolean): void {
    if (this.#isBlocked === isBlocked) return;
    this.#isBlocked = isBlocked;
    for (const link of [...this.#links]) link.options.onBlocked?.(isBlocked);
    if (!isBlocked) { for (const wake of this.#waiting.splice(0)) wake(); }
  }

  async #publish(message: Publication, link: MemoryLink) {
    // One that is blocked reads no more from its connections, so it takes what is sent later.
    while (this.#isBlocked) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (link.lost.aborted) throw link.lost.reason;
    if (message.exchange === "" && this.#reply(message)) return "confirmed";
    const held: HeldMessage = {
      ...message,
      body: message.body.slice(),
      replyTo: message.wantsReply ? link.replyName : undefined,
      failedCount: 0,
      isRedelivered: false,
      death: undefined,
    };
    return this.#exchanges.route(held);
  }

  /** Replies go to the link that asked, and are no more when it is gone. */
  #reply(message: Publication): boolean {
    for (const { replyName, options } of this.#links) {
      if (replyName !== message.routingKey) continue;
      const reply = { ...message, body: message.body.slice(), replyTo: undefined };
      queueMicrotask(() => options.onReply?.(reply));
      return true;
    }
    return false;
  }
}
