import { deadLetterName } from "../../../core/remote/remote_topology.ts";
import type { BrokerLink, Delivery } from "../../../ports/remote/broker.ts";

/** The header of a dead letter that says why it is one. */
export const REASON_HEADER = "dead-reason";

/** The header of a dead letter that says which routing key it had. */
export const ROUTE_HEADER = "dead-route";

const REASON_MAX = 500;

/**
 * Moves a message to the archive's dead letters with the reason. It leaves its queue only after it is among
 * those. Where it cannot be put there, the queue moves it by itself, without the reason.
 */
export async function buryDelivery(
  delivery: Delivery,
  { link, archive, reason }: {
    readonly link: BrokerLink;
    readonly archive: string;
    readonly reason: string;
  },
): Promise<void> {
  const { body, messageId, correlationId, contentEncoding, appId, routingKey } = delivery;
  const headers = new Map(delivery.headers);
  headers.set(REASON_HEADER, reason.slice(0, REASON_MAX));
  headers.set(ROUTE_HEADER, routingKey);
  const outcome = await link.publish({
    ...{ body, headers, messageId, correlationId, contentEncoding, appId },
    exchange: deadLetterName(archive),
    routingKey: "",
  });
  if (outcome === "confirmed") delivery.acknowledge();
  else delivery.reject();
}
