import type { RemoteStoreOptions } from "../../../engine/remote/remote_store_options.ts";

/** A message broker that an archive is written through, and how. */
export interface BrokerChoice extends
  Pick<
    RemoteStoreOptions,
    "archive" | "rangeCount" | "queueKind" | "waitMinMs" | "waitPerBatchMs" | "windowCount"
  > {
  /** Its address: `amqp://USER:PASSWORD@HOST:PORT/VHOST`. */
  readonly url: string;
  /** How often both sides say that they are there, in seconds. @default 15 */
  readonly heartbeatS?: number | undefined;
}
