import type { Channel } from "amqplib";
import type { BrokerConsumer, ConsumeOptions } from "../../ports/remote/broker.ts";
import { AmqpDelivery } from "./amqp_delivery.ts";

/** What an {@link AmqpConsumer} works with. */
export interface AmqpConsumerOptions extends ConsumeOptions {
  /** Waits for an answer of the broker, for a limited time. */
  readonly answer: <T>(call: () => Promise<T>) => Promise<T>;
  /** Called when its channel has ended. */
  readonly onEnd: () => void;
}

/** A consumer with a channel of its own, which it closes once all that it got is answered. */
export class AmqpConsumer implements BrokerConsumer {
  readonly #channel: Channel;
  readonly #options: AmqpConsumerOptions;
  #tag: string | undefined;
  #unansweredCount = 0;
  #isEnded = false;
  #cancelling: Promise<void> | undefined;

  /** A consumer that gets nothing until {@link AmqpConsumer.start}. */
  constructor(channel: Channel, options: AmqpConsumerOptions) {
    this.#channel = channel;
    this.#options = options;
    // The broker closes the channel of a consumer that holds a message for half an hour.
    channel.on("close", () => this.#end());
  }

  /** Begins. Rejects as the client does. */
  async start(queue: string): Promise<void> {
    await this.#channel.prefetch(this.#options.prefetch);
    const { consumerTag } = await this.#channel.consume(queue, (raw) => {
      if (raw === null) return this.#end();
      if (this.#cancelling !== undefined) return this.#channel.nack(raw, false, true);
      this.#unansweredCount++;
      this.#options.onDelivery(new AmqpDelivery(this.#channel, raw, () => this.#answered()));
    });
    this.#tag = consumerTag;
  }

  cancel(): Promise<void> {
    return this.#cancelling ??= this.#cancel();
  }

  async close(): Promise<void> {
    await this.cancel();
    await this.#closeChannel();
  }

  async #cancel(): Promise<void> {
    const tag = this.#tag;
    if (this.#isEnded || tag === undefined) return;
    await this.#options.answer(() => this.#channel.cancel(tag));
    if (this.#unansweredCount === 0) await this.#closeChannel();
  }

  #answered(): void {
    this.#unansweredCount--;
    if (this.#unansweredCount === 0 && this.#cancelling !== undefined) {
      this.#cancelling.then(() => this.#closeChannel()).catch(() => {}); // The link is lost.
    }
  }

  /** Ends the channel after all answers that were sent on it. */
  async #closeChannel(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#options.answer(() => this.#channel.close());
    this.#options.onEnd();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.onEnd();
    if (this.#cancelling === undefined && this.#tag !== undefined) this.#options.onCancelled?.();
  }
}
