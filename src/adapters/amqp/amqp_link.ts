import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { BrokerLink, ConnectOptions } from "../../ports/remote/broker.ts";
import { AmqpConsumer } from "./amqp_consumer.ts";
import { AmqpDelivery } from "./amqp_delivery.ts";
import { amqpError } from "./amqp_errors.ts";
import {
  asBuffer,
  queueArguments,
  type RawMessage,
  readMessage,
  REPLY_QUEUE,
  writeProperties,
} from "./amqp_message.ts";
import { inTime, LateError } from "./in_time.ts";

/** What an {@link AmqpLink} works with. */
export interface AmqpLinkOptions extends ConnectOptions {
  /** What is done with it, after "Cannot". */
  readonly attempt: string;
  readonly answerMaxMs: number;
  /** Breaks the connection at once. */
  readonly destroy: () => void;
}

/** Closing is polite, and not worth a long wait. */
const CLOSE_MAX_MS = 2_000;

/**
 * A connection to a broker. What can fail without the rest has a channel of its own: the broker closes a channel
 * with each refusal.
 */
export class AmqpLink implements BrokerLink {
  readonly #model: ChannelModel;
  readonly #options: AmqpLinkOptions;
  readonly #lost = new AbortController();
  readonly #returned = new Set<number>();
  readonly #consumers = new Set<AmqpConsumer>();
  #publisher!: ConfirmChannel;
  #taker: Channel | undefined;
  #publishedCount = 0;
  #closing: Promise<void> | undefined;

  private constructor(model: ChannelModel, options: AmqpLinkOptions) {
    this.#model = model;
    this.#options = options;
    model.on("error", (error) => this.#lose(error));
    model.on(
      "close",
      (error) => this.#lose(error ?? new Error("the broker closed the connection")),
    );
    model.on("blocked", () => options.onBlocked?.(true));
    model.on("unblocked", () => options.onBlocked?.(false));
  }

  /** A link over a fresh connection. Rejects as the client does. */
  static async open(model: ChannelModel, options: AmqpLinkOptions): Promise<AmqpLink> {
    const link = new AmqpLink(model, options);
    const { answerMaxMs: limitMs, signal, onReply } = options;
    const publisher = await inTime(model.createConfirmChannel(), { limitMs, signal });
    link.#publisher = publisher;
    publisher.on("error", (error) => link.#lose(error));
    publisher.on("close", () => link.#lose(new Error("the broker closed the channel")));
    publisher.on("return", ({ properties }) => link.#returned.add(Number(properties.type)));
    if (onReply !== undefined) {
      const hear = (raw: RawMessage | null) => void (raw !== null && onReply(readMessage(raw)));
      await inTime(publisher.consume(REPLY_QUEUE, hear, { noAck: true }), { limitMs, signal });
    }
    link.lost.throwIfAborted();
    return link;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  declare: BrokerLink["declare"] = async ({ exchanges, queues }) => {
    await this.#once(async (channel) => {
      for (const { name, kind } of exchanges) {
        await channel.assertExchange(name, kind, { durable: true });
      }
      for (const queue of queues) {
        await channel.assertQueue(queue.name, { durable: true, arguments: queueArguments(queue) });
        for (const { exchange, routingKey } of queue.bindings) {
          await channel.bindQueue(queue.name, exchange, routingKey);
        }
      }
    });
  };

  publish: BrokerLink["publish"] = (message) => {
    const number = ++this.#publishedCount;
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null) => {
        const isReturned = this.#returned.delete(number);
        if (error === null) resolve(isReturned ? "returned" : "confirmed");
        else if (error.message === "message nacked") resolve("refused");
        else reject(this.#lossOf(error));
      };
      try {
        this.lost.throwIfAborted();
        const properties = writeProperties(message, number);
        const { exchange, routingKey, body } = message;
        this.#publisher.publish(exchange, routingKey, asBuffer(body), properties, settle);
      } catch (error) {
        reject(this.#lossOf(error));
      }
    });
  };

  consume: BrokerLink["consume"] = async (queue, options) => {
    this.lost.throwIfAborted();
    const channel = await this.#channel();
    const consumer = new AmqpConsumer(channel, {
      ...options,
      answer: (call) => this.#answer(call),
      onEnd: () => this.#consumers.delete(consumer),
    });
    try {
      await this.#answer(() => consumer.start(queue));
    } catch (error) {
      channel.close().catch(() => {});
      throw error;
    }
    this.#consumers.add(consumer);
    return consumer;
  };

  take: BrokerLink["take"] = async (queue) => {
    this.lost.throwIfAborted();
    const channel = this.#taker ??= await this.#channel();
    try {
      const raw = await this.#answer(() => channel.get(queue, { noAck: false }));
      return raw === false ? undefined : new AmqpDelivery(channel, raw);
    } catch (error) {
      this.#taker = undefined; // The broker has closed it.
      throw error;
    }
  };

  inspect: BrokerLink["inspect"] = async (queue) => {
    try {
      const state = await this.#once((channel) => channel.checkQueue(queue));
      return { readyCount: state.messageCount, consumerCount: state.consumerCount };
    } catch (error) {
      const { cause } = error as { readonly cause?: { readonly code?: unknown } };
      if (cause?.code === 404) return undefined;
      throw error;
    }
  };

  deleteQueue: BrokerLink["deleteQueue"] = async (queue) => {
    await this.#once((channel) => channel.deleteQueue(queue));
  };

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.lost.aborted) return;
    const end = async () => {
      // What channels have not sent yet goes before their end, and before that of the connection.
      await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
      await this.#publisher.waitForConfirms().catch(() => {});
      await Promise.all([this.#publisher.close(), this.#taker?.close()]);
    };
    await inTime(end(), { limitMs: CLOSE_MAX_MS }).catch(() => {});
    this.#lose(new Error("it was closed"), false);
    await inTime(this.#model.close(), { limitMs: CLOSE_MAX_MS }).catch(() => {});
    this.#options.destroy();
  }

  /** Does something that is refused with the channel's end, on a channel of its own. */
  async #once<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.#channel();
    try {
      return await this.#answer(() => work(channel));
    } finally {
      channel.close().catch(() => {}); // The broker may have closed it.
    }
  }

  async #channel(): Promise<Channel> {
    this.lost.throwIfAborted();
    const channel = await this.#answer(() => this.#model.createChannel());
    channel.on("error", () => {}); // The call that it was for rejects with it.
    return channel;
  }

  /** Waits for an answer. A broker that gives none is taken for dead, or it would hang the next call too. */
  async #answer<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await inTime(call(), { limitMs: this.#options.answerMaxMs });
    } catch (error) {
      if (error instanceof LateError) this.#lose(error);
      throw this.#lossOf(error);
    }
  }

  #lossOf(error: unknown): ChatloomError {
    if (this.lost.aborted) return this.lost.reason;
    if (error instanceof ChatloomError) return error;
    return amqpError(this.#options.attempt, error);
  }

  #lose(error: unknown, isBroken = true): void {
    if (this.lost.aborted) return;
    if (this.#closing !== undefined && isBroken) return; // Its channels end one by one.
    const { message, cause } = amqpError(this.#options.attempt, error);
    // Where the link is gone, trying again is right, whatever the broker said: it will say it again.
    this.#lost.abort(new ChatloomError("STORE_UNREACHABLE", message, { cause }));
    if (isBroken) this.#options.destroy();
  }
}
