import { Buffer } from "node:buffer";
import type {
  BrokerMessage,
  Death,
  Publication,
  QueueDeclaration,
} from "../../ports/remote/broker.ts";

/** What the client gives for a message, as far as it is used: values come from the network. */
export interface RawMessage {
  readonly content: Uint8Array;
  readonly properties: {
    readonly headers?: Readonly<Record<string, unknown>> | undefined;
    readonly messageId?: unknown;
    readonly correlationId?: unknown;
    readonly replyTo?: unknown;
    readonly contentEncoding?: unknown;
    readonly appId?: unknown;
    readonly type?: unknown;
  };
}

/** Headers of a message are few and short; more are left out. */
const HEADERS_MAX = 64;

/** Where replies go: the broker makes a name of its own of it for each connection. */
export const REPLY_QUEUE = "amq.rabbitmq.reply-to";

/** Reads a message. */
export function readMessage({ content, properties }: RawMessage): BrokerMessage {
  const headers = new Map<string, string | number>();
  for (const [name, value] of Object.entries(properties.headers ?? {}).slice(0, HEADERS_MAX)) {
    if (typeof value === "string" || typeof value === "number") headers.set(name, value);
  }
  for (const name of ADDED_HEADERS) headers.delete(name);
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  return {
    // Not the Buffer itself: its memory may be a slice of a frame of many messages.
    body: new Uint8Array(content),
    headers,
    messageId: text(properties.messageId),
    correlationId: text(properties.correlationId),
    replyTo: text(properties.replyTo),
    contentEncoding: text(properties.contentEncoding),
    appId: text(properties.appId),
  };
}

// What the broker adds for itself; the rest of a message is as it was sent.
const ADDED_HEADERS = [
  "x-delivery-count",
  "x-first-death-exchange",
  "x-first-death-queue",
  "x-first-death-reason",
  "x-last-death-exchange",
  "x-last-death-queue",
  "x-last-death-reason",
];

/** Where a message died last, if it did: the broker lists the latest first. */
export function readDeath({ properties }: RawMessage): Death | undefined {
  const deaths = properties.headers?.["x-death"];
  if (!Array.isArray(deaths) || typeof deaths[0] !== "object" || deaths[0] === null) {
    return undefined;
  }
  const death = deaths[0] as Record<string, unknown>;
  const text = (value: unknown) => typeof value === "string" ? value : "";
  const keys = death["routing-keys"];
  return {
    queue: text(death["queue"]),
    reason: text(death["reason"]),
    exchange: text(death["exchange"]),
    routingKey: text(Array.isArray(keys) ? keys[0] : undefined),
  };
}

/** How many deliveries failed before, where the queue counts them. A first delivery has no count. */
export function readFailedCount({ properties }: RawMessage, isRedelivered: boolean) {
  const count = properties.headers?.["x-delivery-count"];
  if (typeof count === "number") return count;
  return isRedelivered ? undefined : 0;
}

/** The properties of a message to publish. `number` tells it from others of its link, for when it is returned. */
export function writeProperties(message: Publication, number: number) {
  const { headers, messageId, correlationId, contentEncoding, appId, wantsReply } = message;
  const properties = {
    type: String(number),
    persistent: true,
    // The broker would return each reply: it sees no queue for it. It drops those whose asker has gone.
    mandatory: !isReply(message),
    headers: Object.fromEntries(headers),
    messageId,
    correlationId,
    contentEncoding,
    appId,
    replyTo: wantsReply ? REPLY_QUEUE : undefined,
  };
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  );
}

function isReply({ exchange, routingKey }: Publication): boolean {
  return exchange === "" && routingKey.startsWith(`${REPLY_QUEUE}.`);
}

/** The arguments with which a queue is declared. */
export function queueArguments(queue: QueueDeclaration): Record<string, unknown> {
  const named = {
    "x-queue-type": queue.kind,
    "x-single-active-consumer": queue.hasSingleConsumer,
    "x-dead-letter-exchange": queue.deadLetterExchange,
    // Only a quorum queue can keep what dies until the other queue has it.
    "x-dead-letter-strategy": queue.kind === "quorum" && queue.deadLetterExchange !== undefined
      ? "at-least-once"
      : undefined,
    "x-delivery-limit": queue.deliveryLimit,
    "x-max-length": queue.maxMessages,
    "x-max-length-bytes": queue.maxBytes,
    "x-overflow": "reject-publish",
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** The same bytes, as the client takes them. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
