import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { putExchange, rangeKey } from "../../../src/core/remote/remote_topology.ts";
import { CurrentLink } from "../../../src/engine/remote/current_link.ts";
import { keepLink } from "../../../src/engine/remote/keep_link.ts";
import type { BrokerLink, Publication } from "../../../src/ports/remote/broker.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** A channel whose files do not come again. */
export const LOAD_CHANNEL = "load";

const QUEUE = "test.echo";
const SENDER = "echo";
const ROUND_MS = 100;

/**
 * Hears all that senders hand to the workers and hands it to them again: at random, so twice and more often, out
 * of order, and long after its minute was settled.
 */
export class Echo {
  /** How many messages it handed on. */
  count = 0;
  readonly #heard: Publication[] = [];
  readonly #random: SeededRandom;
  readonly #stopper = new AbortController();
  readonly #ender = new AbortController();
  readonly #keeping: Promise<void>;
  readonly #links = new CurrentLink();
  #sending: Promise<void> = Promise.resolve();

  /** Begins at once, with `perRound` messages each tenth of a second, as soon as there are any. */
  constructor(
    url: string,
    { archive, random, perRound }: {
      readonly archive: string;
      readonly random: SeededRandom;
      readonly perRound: number;
    },
  ) {
    this.#random = random;
    const exchange = putExchange(archive);
    const bindings = Array.from({ length: 16 }, (_, range) => ({
      ...{ exchange, routingKey: rangeKey(range) },
    }));
    this.#keeping = keepLink({
      ...{ broker: amqpBroker({ url }), clock: systemClock(), random, reporter: noopReporter },
      signal: this.#ender.signal,
      prepare: (link) =>
        link.declare({
          exchanges: [{ name: exchange, kind: "direct" }],
          queues: [{ name: QUEUE, kind: "classic", bindings }],
        }),
      onLink: (link) => {
        this.#links.set(link);
        this.#listen(link);
        this.#sending = this.#send(link, perRound);
      },
    });
  }

  /** Hands each message that it heard on once more, unless it shall be quick, and ends. */
  async close({ isQuick = false }: { readonly isQuick?: boolean } = {}): Promise<void> {
    this.#stopper.abort();
    await this.#sending;
    const { signal } = this.#ender;
    for (let at = 0; !isQuick && at < this.#heard.length;) {
      const link = await this.#links.get(signal);
      // A link may be lost: it is sent again over the next one.
      const outcome = await link.publish(this.#heard[at]!).catch(() => "lost");
      if (outcome === "confirmed") at++, this.count++;
    }
    this.#ender.abort();
    await this.#keeping;
  }

  #listen(link: BrokerLink): void {
    void link.consume(QUEUE, {
      prefetch: 500,
      onDelivery: (delivery) => {
        delivery.acknowledge();
        if (delivery.appId === SENDER) return;
        const { exchange, routingKey, body, headers, contentEncoding, messageId = "" } = delivery;
        if (messageId.split(" ")[1]?.startsWith(`${LOAD_CHANNEL}/`)) return;
        this.#heard.push({
          ...{ exchange, routingKey, body, headers, contentEncoding, messageId },
          appId: SENDER,
        });
      },
    }).catch(() => {}); // The next link consumes.
  }

  async #send(link: BrokerLink, perRound: number): Promise<void> {
    const { signal } = this.#stopper;
    try {
      while (!signal.aborted && !link.lost.aborted) {
        const count = Math.min(perRound, this.#heard.length);
        for (let n = 0; n < count; n++) {
          const at = intBelow(this.#random, this.#heard.length);
          await link.publish(this.#heard[at]!);
          this.count++;
        }
        await systemClock().sleep(ROUND_MS, signal).catch(() => {});
      }
    } catch {
      // The link is lost: the next one goes on.
    }
  }
}
