import type { Channel, Message } from "amqplib";
import type { BrokerMessage, Death, Delivery } from "../../ports/remote/broker.ts";
import { readDeath, readFailedCount, readMessage } from "./amqp_message.ts";

/** A message from a queue, answered on the channel that brought it. */
export class AmqpDelivery implements Delivery {
  readonly #channel: Channel;
  readonly #raw: Message;
  readonly #message: BrokerMessage;
  readonly #onAnswer: (() => void) | undefined;
  #isAnswered = false;

  /** What `raw` says; `onAnswer` is called once. */
  constructor(channel: Channel, raw: Message, onAnswer?: () => void) {
    this.#channel = channel;
    this.#raw = raw;
    this.#message = readMessage(raw);
    this.#onAnswer = onAnswer;
  }

  get body(): Uint8Array {
    return this.#message.body;
  }
  get headers(): BrokerMessage["headers"] {
    return this.#message.headers;
  }
  get messageId(): string | undefined {
    return this.#message.messageId;
  }
  get correlationId(): string | undefined {
    return this.#message.correlationId;
  }
  get replyTo(): string | undefined {
    return this.#message.replyTo;
  }
  get contentEncoding(): string | undefined {
    return this.#message.contentEncoding;
  }
  get appId(): string | undefined {
    return this.#message.appId;
  }
  get exchange(): string {
    return this.#raw.fields.exchange;
  }
  get routingKey(): string {
    return this.#raw.fields.routingKey;
  }
  get isRedelivered(): boolean {
    return this.#raw.fields.redelivered;
  }
  get failedCount(): number | undefined {
    return readFailedCount(this.#raw, this.isRedelivered);
  }
  get death(): Death | undefined {
    return readDeath(this.#raw);
  }

  acknowledge(): void {
    this.#answer(() => this.#channel.ack(this.#raw));
  }

  giveBack(): void {
    this.#answer(() => this.#channel.nack(this.#raw, false, true));
  }

  reject(): void {
    this.#answer(() => this.#channel.nack(this.#raw, false, false));
  }

  #answer(send: () => void): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    try {
      send();
    } catch {
      // The channel is closed: the broker has taken the message back.
    }
    this.#onAnswer?.();
  }
}
