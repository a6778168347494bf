import type { Broker, BrokerLink, Publication, PublishOutcome } from "../../ports/remote/broker.ts";
import type { Clock } from "../../ports/clock.ts";
import { between, chance, type SeededRandom } from "../chance/seeded_random.ts";

/** The share of messages to which each trouble comes, from 0 to 1. */
export interface BrokerTrouble {
  /** Never arrives, and is not confirmed either. */
  readonly drop?: number;
  /** Is confirmed and lost, as by a broker that crashes. */
  readonly loseConfirmed?: number;
  /** Arrives twice. */
  readonly double?: number;
  /** Arrives later, up to {@link BrokerTrouble.delayMaxMs}: others overtake it. */
  readonly delay?: number;
  /** How late, in ms. @default 20 s */
  readonly delayMaxMs?: number;
  /** Breaks the link, before it arrives or after. */
  readonly breakLink?: number;
}

/** What {@link faultyBroker} works with. */
export interface FaultyBrokerOptions {
  /** Decides which messages get into trouble. */
  readonly random: SeededRandom;
  /** Measures delays. */
  readonly clock: Clock;
  /** The trouble now; may change. */
  readonly trouble: () => BrokerTrouble;
}

const DELAY_MAX_MS = 20_000;

/** Brings the messages that are published to `broker`, replies too, into trouble. */
export function faultyBroker(broker: Broker, options: FaultyBrokerOptions): Broker {
  return {
    async connect(connectOptions) {
      const link = await broker.connect(connectOptions);
      return {
        lost: link.lost,
        declare: (topology) => link.declare(topology),
        publish: (message) => publish(link, message, options),
        consume: (queue, consumeOptions) => link.consume(queue, consumeOptions),
        take: (queue) => link.take(queue),
        inspect: (queue) => link.inspect(queue),
        deleteQueue: (queue) => link.deleteQueue(queue),
        close: () => link.close(),
      };
    },
  };
}

async function publish(
  link: BrokerLink,
  message: Publication,
  { random, clock, trouble }: FaultyBrokerOptions,
): Promise<PublishOutcome> {
  const { drop = 0, loseConfirmed = 0, double = 0, delay = 0, breakLink = 0 } = trouble();
  const { delayMaxMs = DELAY_MAX_MS } = trouble();
  if (chance(random, breakLink)) {
    const isTaken = chance(random, 0.5);
    if (isTaken) await link.publish(message);
    await link.close();
    throw link.lost.reason;
  }
  if (chance(random, drop)) return await lossOf(link);
  if (chance(random, loseConfirmed)) return "confirmed";
  // Published later, by a broker that outlives this link: the sender may have given it up by then.
  if (chance(random, delay)) await clock.sleep(between(random, [0, delayMaxMs]));
  if (chance(random, double)) await link.publish(message);
  return await link.publish(message);
}

function lossOf(link: BrokerLink): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(link.lost.reason);
    if (link.lost.aborted) leave();
    link.lost.addEventListener("abort", leave, { once: true });
  });
}
