import { formatReply } from "../../../../src/core/remote/envelope.ts";
import type { Broker, BrokerLink, Delivery } from "../../../../src/ports/remote/broker.ts";

/** A broker whose queues, or whose workers, do not keep the rules. */
export function brokerWithout(
  broker: Broker,
  { isSingle, isHasty = false }: {
    /** Whether queues deliver to one consumer at a time. */
    readonly isSingle: boolean;
    /** Whether workers say that a file is stored, and acknowledge it, when it comes. */
    readonly isHasty?: boolean;
  },
): Broker {
  return {
    async connect(options) {
      const link = await broker.connect(options);
      return {
        lost: link.lost,
        declare: ({ exchanges, queues }) =>
          link.declare({
            exchanges,
            queues: queues.map((queue) =>
              isSingle ? queue : { ...queue, hasSingleConsumer: false }
            ),
          }),
        publish: (message) => link.publish(message),
        consume: (queue, consuming) =>
          link.consume(queue, {
            ...consuming,
            onDelivery(delivery) {
              if (isHasty) sayStored(link, delivery);
              consuming.onDelivery(delivery);
            },
          }),
        take: (queue) => link.take(queue),
        inspect: (queue) => link.inspect(queue),
        deleteQueue: (queue) => link.deleteQueue(queue),
        close: () => link.close(),
      };
    },
  };
}

/** What a worker does too early that acknowledges before it has stored. */
function sayStored(link: BrokerLink, delivery: Delivery): void {
  const { replyTo, correlationId } = delivery;
  if (replyTo === undefined) return;
  const headers = formatReply({ status: "stored" });
  link.publish({
    ...{ exchange: "", routingKey: replyTo, correlationId, headers, body: new Uint8Array(0) },
  }).catch(() => {});
  delivery.acknowledge();
}
