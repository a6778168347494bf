import { ChannelRanges } from "../../../core/remote/channel_range.ts";
import { parseRequest, routeOf } from "../../../core/remote/envelope.ts";
import { deadLetterName, putExchange } from "../../../core/remote/remote_topology.ts";
import { sha256 } from "../../../core/redaction/sha256.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { BrokerLink, Delivery, PublishOutcome } from "../../../ports/remote/broker.ts";
import { REASON_HEADER, ROUTE_HEADER } from "../worker/dead_letters.ts";

/** Where dead letters are. */
export interface DeadLetterPlace {
  readonly link: BrokerLink;
  /** The name of the archive at the broker. */
  readonly archive: string;
  /** Into how many ranges channels are split now. @default 16 */
  readonly rangeCount?: number | undefined;
  readonly hasher: Hasher;
}

/** A message that workers gave up. The queue keeps it until it is retried or dropped. */
export interface DeadLetter {
  /** What names it: 12 hexadecimal digits of a hash of what it says. Copies have the same. */
  readonly id: string;
  /** Why it is here. */
  readonly reason: string;
  readonly delivery: Delivery;
}

const encoder = new TextEncoder();
const ID_DIGITS = 12;

/**
 * The dead letters of an archive, from the oldest on. What is neither acknowledged nor rejected is given back when
 * the link ends, so each comes once a link, and none of them twice.
 *
 * @throws {ChatloomError} `STORE_REFUSED` when the broker has no such archive.
 */
export async function* deadLetters(place: DeadLetterPlace): AsyncGenerator<DeadLetter> {
  const { link, archive, hasher } = place;
  for (;;) {
    const delivery = await link.take(deadLetterName(archive));
    if (delivery === undefined) return;
    yield { id: await idOf(delivery, hasher), reason: reasonOf(delivery), delivery };
  }
}

/**
 * Sends a dead letter to the workers again, to the range that its channel has now. It leaves the dead letters only
 * when the broker has taken charge of it; a process that dies in between leaves both, which is harmless.
 */
export async function retryDeadLetter(
  { delivery }: DeadLetter,
  { link, archive, rangeCount }: DeadLetterPlace,
): Promise<PublishOutcome> {
  const { body, messageId, correlationId, contentEncoding, appId, death } = delivery;
  const headers = new Map(delivery.headers);
  const formerRoute = headers.get(ROUTE_HEADER) ?? death?.routingKey ?? "";
  headers.delete(REASON_HEADER);
  headers.delete(ROUTE_HEADER);
  const parsed = parseRequest(delivery, { archive, ranges: new ChannelRanges(rangeCount) });
  const outcome = await link.publish({
    ...{ body, headers, messageId, correlationId, contentEncoding, appId },
    exchange: putExchange(archive),
    routingKey: parsed.ok ? routeOf(parsed.request.parts, rangeCount) : String(formerRoute),
  });
  if (outcome === "confirmed") delivery.acknowledge();
  return outcome;
}

function reasonOf({ headers, death }: Delivery): string {
  const said = headers.get(REASON_HEADER);
  if (typeof said === "string" && said !== "") return said;
  return death === undefined ? "no reason is given" : `the broker moved it: ${death.reason}`;
}

async function idOf({ headers, body, messageId = "" }: Delivery, hasher: Hasher): Promise<string> {
  const named = ["method", "key"].map((name) => String(headers.get(name) ?? ""));
  const text = JSON.stringify([messageId, ...named, ...await hasher.digest(body)]);
  return sha256(encoder.encode(text)).slice(0, ID_DIGITS);
}
