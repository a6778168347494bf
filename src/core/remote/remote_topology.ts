import { DEFAULT_RANGE_COUNT } from "./channel_range.ts";

/** How an archive's exchanges and queues are named and made. Senders and workers must use the same. */
export interface RemoteTopologyOptions {
  /** The name of the archive at the broker: what `isRemoteName` accepts. */
  readonly archive: string;
  /** Into how many ranges channels are split. @default 16 */
  readonly rangeCount?: number | undefined;
  /**
   * `quorum` for a cluster of three or more brokers; `classic` for one, which may lose the content of a
   * quorum queue that it made shortly before it crashed (RabbitMQ 3.10, measured 2026-11). @default classic
   */
  readonly queueKind?: "classic" | "quorum" | undefined;
}

/** How many bytes wait in a range's queue, at the most; then it refuses, and senders keep what they have. */
const QUEUE_MAX_BYTES = 1024 * 1024 * 1024;

/** After how many failed deliveries a quorum queue gives a message up. */
const DELIVERY_LIMIT = 20;

/** Whether `text` can be the name of an archive at a broker: 1 to 64 of `a-z`, `0-9`, `_` and `-`. */
export function isRemoteName(text: string): boolean {
  return /^[a-z0-9_-]{1,64}$/.test(text);
}

/** The exchange that messages for an archive's workers go to. */
export function putExchange(archive: string): string {
  return `chatloom.${archive}.put`;
}

/** The exchange, and the queue, of an archive's dead letters. */
export function deadLetterName(archive: string): string {
  return `chatloom.${archive}.dead`;
}

/**
 * The queue at which all workers of an archive stand, so that each knows how many there are. Only they declare it. Who
 * looks at the archive's queues asks there what each of them does.
 */
export function workersQueue(archive: string): string {
  return `chatloom.${archive}.workers`;
}

/**
 * The routing key of a range: `3of16`. With the count in it, an archive whose count changes has other queues, and
 * workers can empty the old ones.
 */
export function rangeKey(range: number, rangeCount: number = DEFAULT_RANGE_COUNT): string {
  return `${range}of${rangeCount}`;
}

/** The queue of a range: `chatloom.main.put.3of16`. */
export function rangeQueue(
  archive: string,
  { range, rangeCount = DEFAULT_RANGE_COUNT }: {
    readonly range: number;
    readonly rangeCount?: number | undefined;
  },
): string {
  return `${putExchange(archive)}.${rangeKey(range, rangeCount)}`;
}

/**
 * All exchanges and queues of an archive, for `BrokerLink.declare`: a queue a range, each for one consumer at a
 * time, and one for dead letters.
 *
 * @throws {RangeError} when the archive's name is none.
 */
export function remoteTopology(
  { archive, rangeCount = DEFAULT_RANGE_COUNT, queueKind = "classic" }: RemoteTopologyOptions,
): {
  readonly exchanges: { readonly name: string; readonly kind: "direct" | "fanout" }[];
  readonly queues: {
    readonly name: string;
    readonly kind: "classic" | "quorum";
    readonly bindings: { readonly exchange: string; readonly routingKey: string }[];
    readonly hasSingleConsumer?: boolean;
    readonly deadLetterExchange?: string;
    readonly deliveryLimit?: number;
    readonly maxBytes?: number;
  }[];
} {
  if (!isRemoteName(archive)) throw new RangeError(`Cannot name an archive "${archive}"`);
  const [exchange, dead] = [putExchange(archive), deadLetterName(archive)];
  const ranges = Array.from({ length: rangeCount }, (_, range) => ({
    name: rangeQueue(archive, { range, rangeCount }),
    kind: queueKind,
    bindings: [{ exchange, routingKey: rangeKey(range, rangeCount) }],
    hasSingleConsumer: true,
    deadLetterExchange: dead,
    ...(queueKind === "quorum" ? { deliveryLimit: DELIVERY_LIMIT } : {}),
    maxBytes: QUEUE_MAX_BYTES,
  }));
  return {
    exchanges: [{ name: exchange, kind: "direct" }, { name: dead, kind: "fanout" }],
    queues: [
      ...ranges,
      { name: dead, kind: queueKind, bindings: [{ exchange: dead, routingKey: "" }] },
    ],
  };
}
