import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseJson } from "../../../core/json/parse_json.ts";

/** The kind of an order: to forget a message or a user, or to hide a file. */
export type OrderKind = "redaction" | "tombstone";

/** An order of a peer that waits for the operator. It is not in the archive and does nothing. */
export interface HeldOrder {
  readonly key: ArchiveKey;
  readonly kind: OrderKind;
  /** The peer that sent it first. */
  readonly peer: string;
  /** The bytes of a redaction's file, as text; `""` for a tombstone. */
  readonly text: string;
}

/** Orders of a peer that were obeyed in an hour, of one kind. */
export interface ObeyedOrders {
  readonly peer: string;
  readonly kind: OrderKind;
  /** Such as `2026-08-01T12`. */
  readonly hour: string;
  readonly orders: number;
  /** How many users, logins and messages the orders name. */
  readonly names: number;
}

/** The notes about the orders of peers for one channel. */
export interface OrderBook {
  /** By key, in the order in which they came. */
  readonly held: ReadonlyMap<ArchiveKey, HeldOrder>;
  /** The orders that the operator dropped. */
  readonly dropped: ReadonlySet<ArchiveKey>;
  readonly obeyed: readonly ObeyedOrders[];
}

/** Writes a note; {@link parseOrderBook} reads it. */
export function formatHeld({ key, peer, text }: Omit<HeldOrder, "kind">): string {
  return `${JSON.stringify({ held: key, peer, text })}\n`;
}

/** Writes a note; {@link parseOrderBook} reads it. */
export function formatObeyed({ peer, kind, hour, orders, names }: ObeyedOrders): string {
  return `${JSON.stringify({ obeyed: kind, peer, hour, orders, names })}\n`;
}

/** Writes a note that the operator has decided about a held order. */
export function formatDecision(decision: "accepted" | "dropped", key: ArchiveKey): string {
  return `${JSON.stringify({ [decision]: key })}\n`;
}

/** Reads the notes of `channel`. Never throws: invalid lines are left out. */
export function parseOrderBook(channel: string, text: string): OrderBook {
  const held = new Map<ArchiveKey, HeldOrder>();
  const dropped = new Set<ArchiveKey>();
  const obeyed: ObeyedOrders[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const note = readNote(line);
    if (note === undefined) continue;
    const order = readHeld(channel, note);
    if (order !== undefined) {
      held.set(order.key, order);
      dropped.delete(order.key);
    } else if (typeof note["accepted"] === "string") {
      held.delete(note["accepted"]);
      dropped.delete(note["accepted"]);
    } else if (typeof note["dropped"] === "string") {
      held.delete(note["dropped"]);
      dropped.add(note["dropped"]);
    } else {
      const count = readObeyed(note);
      if (count !== undefined) obeyed.push(count);
    }
  }
  return { held, dropped, obeyed };
}

type Note = { readonly [field: string]: unknown };

function readNote(line: string): Note | undefined {
  try {
    const note = parseJson(line);
    return typeof note === "object" && note !== null && !Array.isArray(note)
      ? note as Note
      : undefined;
  } catch {
    return undefined;
  }
}

function readHeld(channel: string, { held, peer, text }: Note): HeldOrder | undefined {
  if (typeof held !== "string" || typeof peer !== "string" || typeof text !== "string") {
    return undefined;
  }
  const parts = parseArchiveKey(held);
  if (parts?.channel !== channel) return undefined;
  if (parts.kind !== "redaction" && parts.kind !== "tombstone") return undefined;
  return { key: held, kind: parts.kind, peer, text };
}

function readObeyed({ obeyed, peer, hour, orders, names }: Note): ObeyedOrders | undefined {
  const isKind = obeyed === "redaction" || obeyed === "tombstone";
  if (!isKind || typeof peer !== "string" || typeof hour !== "string") return undefined;
  if (typeof orders !== "number" || typeof names !== "number") return undefined;
  return { peer, kind: obeyed, hour, orders, names };
}
