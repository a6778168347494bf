import { amqpBroker } from "../../../adapters/amqp/amqp_broker.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import {
  readTopology,
  type TopologyReport,
} from "../../../engine/remote/operating/read_topology.ts";
import type { BrokerLink } from "../../../ports/remote/broker.ts";
import type { BrokerChoice } from "../parts/broker_choice.ts";

const NAME = "chatloom operator";

/**
 * What the broker has for an archive, see {@link readTopology}.
 *
 * @throws {ChatloomError} when the broker cannot be used.
 */
export async function topologyOf(
  { url, heartbeatS, archive, rangeCount, queueKind }: BrokerChoice,
  signal: AbortSignal,
): Promise<TopologyReport> {
  return await readTopology({
    ...{ broker: amqpBroker({ url, heartbeatS, name: NAME }), clock: systemClock(), signal },
    ...{ archive, rangeCount, queueKind },
  });
}

/**
 * Links to the broker for the time of `use`.
 *
 * @throws {ChatloomError} when the broker cannot be used.
 */
export async function withBrokerLink(
  { url, heartbeatS }: BrokerChoice,
  { signal, use }: {
    readonly signal: AbortSignal;
    readonly use: (link: BrokerLink) => Promise<void>;
  },
): Promise<void> {
  const link = await amqpBroker({ url, heartbeatS, name: NAME }).connect({ signal });
  try {
    await use(link);
  } finally {
    await link.close();
  }
}
