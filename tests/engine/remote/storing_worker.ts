import { formatReply, parseRequest, type StoreReply } from "../../../src/core/remote/envelope.ts";
import { rangeQueue, remoteTopology } from "../../../src/core/remote/remote_topology.ts";
import { platformGzip } from "../../../src/engine/remote/compressed_body.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type {
  Broker,
  BrokerLink,
  BrokerTopology,
  Delivery,
} from "../../../src/ports/remote/broker.ts";

/** What a test's worker does with a request that it could store. */
export type Answer = (
  delivery: Delivery,
  store: () => Promise<void>,
) => Promise<StoreReply | undefined>;

/** A worker as short as can be: it stores one request after another of all ranges, and answers. */
export class StoringWorker {
  /** The requests that came, by method and key. */
  readonly heard: string[] = [];
  readonly #store: BatchStore;
  readonly #archive: string;
  readonly #answer: Answer;
  #link: BrokerLink | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(store: BatchStore, { archive = "main", answer = storeAndSay }: {
    readonly archive?: string;
    readonly answer?: Answer;
  } = {}) {
    [this.#store, this.#archive, this.#answer] = [store, archive, answer];
  }

  async start(broker: Broker, topology?: BrokerTopology): Promise<void> {
    const link = await broker.connect();
    this.#link = link;
    await link.declare(topology ?? remoteTopology({ archive: this.#archive }));
    for (let range = 0; range < 16; range++) {
      const queue = rangeQueue(this.#archive, { range });
      const onDelivery = (delivery: Delivery) => {
        this.#turn = this.#turn.then(() => this.#take(link, delivery)).catch(() => {});
      };
      await link.consume(queue, { prefetch: 100, onDelivery });
    }
  }

  async stop(): Promise<void> {
    await this.#link?.close();
  }

  /** Says something of a request, without taking it. */
  async say(delivery: Delivery, reply: StoreReply): Promise<void> {
    await this.#reply(this.#link!, delivery, reply);
  }

  async #take(link: BrokerLink, delivery: Delivery): Promise<void> {
    if (link.lost.aborted) return;
    const parsed = parseRequest(delivery, { archive: this.#archive });
    if (!parsed.ok) return await this.#reply(link, delivery, { status: "refused", ...parsed });
    const { method, key, isGzip, lengthBytes } = parsed.request;
    this.heard.push(`${method} ${key}`);
    const store = async () => {
      if (method === "delete") return await this.#store.delete(key);
      const bytes = isGzip
        ? await platformGzip.decompress(delivery.body, lengthBytes)
        : delivery.body;
      await this.#store.put(key, bytes!);
    };
    const reply = await this.#answer(delivery, store);
    if (reply !== undefined) await this.#reply(link, delivery, reply);
  }

  async #reply(link: BrokerLink, delivery: Delivery, reply: StoreReply): Promise<void> {
    const { replyTo = "", correlationId } = delivery;
    void link.publish({
      exchange: "",
      routingKey: replyTo,
      correlationId,
      headers: formatReply(reply),
      body: new Uint8Array(0),
    }).catch(() => {});
    if (reply.status !== "waiting") delivery.acknowledge();
    await Promise.resolve();
  }
}

/** Stores, and says so. */
export const storeAndSay: Answer = async (_, store) => {
  await store();
  return { status: "stored" };
};
