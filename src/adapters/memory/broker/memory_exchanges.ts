import { ChatloomError } from "../../../core/errors/errors.ts";
import type {
  BrokerMessage,
  BrokerTopology,
  Death,
  ExchangeDeclaration,
  PublishOutcome,
  QueueDeclaration,
} from "../../../ports/remote/broker.ts";
import { MemoryQueue } from "./memory_queue.ts";

/** A message in a queue. */
export interface HeldMessage extends BrokerMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly failedCount: number;
  readonly isRedelivered: boolean;
  readonly death: Death | undefined;
}

/** The exchanges of a broker in memory, their queues, and what leads where. */
export class MemoryExchanges {
  readonly #exchanges = new Map<string, ExchangeDeclaration>();
  readonly #queues = new Map<string, MemoryQueue>();

  /** Makes what is not there. */
  declare({ exchanges, queues }: BrokerTopology): void {
    for (const exchange of exchanges) {
      const { name, kind } = this.#exchanges.get(exchange.name) ?? exchange;
      if (kind !== exchange.kind) throw different(`exchange "${name}"`, "kind");
      this.#exchanges.set(name, exchange);
    }
    for (const queue of queues) this.#declareQueue(queue);
  }

  /** The queue of that name. */
  find(name: string): MemoryQueue | undefined {
    return this.#queues.get(name);
  }

  /**
   * The queue of that name.
   *
   * @throws {ChatloomError} `STORE_REFUSED` when there is none.
   */
  get(name: string): MemoryQueue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new ChatloomError("STORE_REFUSED", `Cannot use queue "${name}": there is none`);
  }

  /** Deletes a queue and ends its consumers. */
  delete(name: string): void {
    this.#queues.get(name)?.end();
    this.#queues.delete(name);
  }

  /** Puts a message into all queues that it belongs in, or into none if one of them is full. */
  route(message: HeldMessage): PublishOutcome {
    const queues = this.#queuesFor(message.exchange, message.routingKey);
    if (queues.length === 0) return "returned";
    if (queues.some((queue) => !queue.hasRoomFor(message))) return "refused";
    for (const queue of queues) queue.add(message);
    return "confirmed";
  }

  #declareQueue(declared: QueueDeclaration): void {
    const existing = this.#queues.get(declared.name)?.declared;
    if (existing === undefined) {
      const bury = (message: HeldMessage, reason: string) => this.#bury(declared, message, reason);
      this.#queues.set(declared.name, new MemoryQueue(declared, bury));
      return;
    }
    for (const name of ARGUMENTS) {
      if (existing[name] !== declared[name]) throw different(`queue "${declared.name}"`, name);
    }
  }

  #bury({ name, deadLetterExchange }: QueueDeclaration, message: HeldMessage, reason: string) {
    if (deadLetterExchange === undefined) return;
    const { exchange, routingKey } = message;
    this.route({
      ...message,
      exchange: deadLetterExchange,
      isRedelivered: false,
      failedCount: 0,
      death: { queue: name, reason, exchange, routingKey },
    });
  }

  #queuesFor(exchange: string, routingKey: string): MemoryQueue[] {
    if (exchange === "") {
      return [this.#queues.get(routingKey)].filter((queue) => queue !== undefined);
    }
    const kind = this.#exchanges.get(exchange)?.kind;
    return [...this.#queues.values()].filter(({ declared: { bindings } }) =>
      bindings.some((binding) =>
        binding.exchange === exchange && (kind === "fanout" || binding.routingKey === routingKey)
      )
    );
  }
}

const ARGUMENTS = [
  "kind",
  "hasSingleConsumer",
  "deadLetterExchange",
  "deliveryLimit",
  "maxBytes",
  "maxMessages",
] as const;

function different(what: string, argument: string): ChatloomError {
  return new ChatloomError(
    "STORE_REFUSED",
    `Cannot declare ${what}: it is there with another "${argument}"`,
  );
}
