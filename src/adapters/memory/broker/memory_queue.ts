import type { QueueDeclaration } from "../../../ports/remote/broker.ts";
import type { HeldMessage } from "./memory_exchanges.ts";

/** A consumer as its queue sees it. */
export interface QueueConsumer {
  /** Whether it takes another message now. */
  readonly hasRoom: boolean;
  deliver(place: number, message: HeldMessage): void;
  /** The queue is deleted. */
  onEnd(): void;
}

/** A queue in memory: what is ready, in the order of arrival, and who consumes it. */
export class MemoryQueue {
  /** How it was declared. */
  readonly declared: QueueDeclaration;
  readonly #bury: (message: HeldMessage, reason: string) => void;
  /** By place: what is given back goes where it was. */
  readonly #ready: { readonly place: number; readonly message: HeldMessage }[] = [];
  readonly #consumers: QueueConsumer[] = [];
  #placeCount = 0;
  #bytes = 0;
  #isDelivering = false;

  /** An empty queue; `bury` gets what is rejected. */
  constructor(declared: QueueDeclaration, bury: (message: HeldMessage, reason: string) => void) {
    this.declared = declared;
    this.#bury = bury;
  }

  /** Messages that are ready. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** Consumers, active or in line. */
  get consumerCount(): number {
    return this.#consumers.length;
  }

  /** Whether the queue takes `message`. */
  hasRoomFor({ body }: HeldMessage): boolean {
    const { maxMessages = Infinity, maxBytes = Infinity } = this.declared;
    return this.#ready.length < maxMessages && this.#bytes + body.length <= maxBytes;
  }

  /** Puts a message at the end. */
  add(message: HeldMessage): void {
    this.#ready.push({ place: ++this.#placeCount, message });
    this.#bytes += message.body.length;
    this.#wake();
  }

  /** Takes the first message. */
  take(): { readonly place: number; readonly message: HeldMessage } | undefined {
    const first = this.#ready.shift();
    if (first !== undefined) this.#bytes -= first.message.body.length;
    return first;
  }

  /** Puts a message back that was delivered and not acknowledged. */
  giveBack(place: number, message: HeldMessage): void {
    const { kind, deliveryLimit = Infinity } = this.declared;
    const failedCount = message.failedCount + 1;
    if (kind === "quorum" && failedCount > deliveryLimit) {
      return this.#bury(message, "delivery_limit");
    }
    const after = this.#ready.findIndex((held) => held.place > place);
    const held = { place, message: { ...message, failedCount, isRedelivered: true } };
    this.#ready.splice(after < 0 ? this.#ready.length : after, 0, held);
    this.#bytes += message.body.length;
    this.#wake();
  }

  /** Moves a message that was delivered to the dead letters. */
  reject(message: HeldMessage): void {
    this.#bury(message, "rejected");
  }

  /** Adds a consumer, at the end of the line. */
  join(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.#wake();
  }

  /** Removes a consumer. */
  leave(consumer: QueueConsumer): void {
    const at = this.#consumers.indexOf(consumer);
    if (at >= 0) this.#consumers.splice(at, 1);
    this.#wake();
  }

  /** A consumer has room again. */
  wake(): void {
    this.#wake();
  }

  /** Ends all consumers. */
  end(): void {
    for (const consumer of this.#consumers.splice(0)) consumer.onEnd();
  }

  #wake(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    queueMicrotask(() => {
      this.#isDelivering = false;
      while (this.#ready.length > 0) {
        const consumer = this.#nextConsumer();
        if (consumer === undefined) return;
        const { place, message } = this.take()!;
        consumer.deliver(place, message);
      }
    });
  }

  /** The first in line that has room: only the first of all where one consumes at a time. */
  #nextConsumer(): QueueConsumer | undefined {
    const [first] = this.#consumers;
    if (this.declared.hasSingleConsumer) return first?.hasRoom ? first : undefined;
    const next = this.#consumers.find(({ hasRoom }) => hasRoom);
    if (next !== undefined) {
      // Round robin: who gets a message goes to the end of the line.
      this.#consumers.splice(this.#consumers.indexOf(next), 1);
      this.#consumers.push(next);
    }
    return next;
  }
}
