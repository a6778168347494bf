import { type ArchiveKey, formatHour, parseHour } from "../../../core/archive/archive_key.ts";
import { Mutex } from "../../../async/mutex.ts";
import { DAY_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { OrderNotes } from "../../../ports/notes/order_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import {
  formatHeld,
  formatObeyed,
  type OrderBook,
  type OrderKind,
  parseOrderBook,
} from "./order_book.ts";
import { namesIn, type NewOrder } from "./new_order.ts";

/** How many orders a day are obeyed without the operator. */
interface OrderLimits {
  /** Orders of one peer for one channel. */
  readonly orders: number;
  /** Users, logins and messages that they name. */
  readonly names: number;
}

/** As many as a team of moderators can order. A flood is more, and waits for the operator. */
const ORDER_LIMITS: { readonly [kind in OrderKind]: OrderLimits } = {
  redaction: { orders: 100, names: 300 },
  tombstone: { orders: 1_000, names: 1_000 },
};

/** More held orders of a channel, or bytes of notes of all channels, are not kept, only counted. */
const HELD_MAX = 10_000;
const NOTES_MAX_BYTES = 64 * 1024 * 1024;
const CHANNEL_NOTES_MAX_BYTES = 8 * 1024 * 1024;
const TOLD_MAX = 1_000;

/** What an {@link OrderGate} works with. */
export interface OrderGateOptions {
  /** Tells the day. */
  readonly clock: Clock;
  /** Called when orders are held. */
  readonly reporter: Reporter;
}

/**
 * Decides which orders of peers are obeyed. An order deletes for good, so a peer may give a bounded
 * number a day; further ones are held, with all that came with them, until the operator
 * accepts or drops it.
 */
export class OrderGate {
  readonly #notes: OrderNotes;
  readonly #options: OrderGateOptions;
  /** One decision at a time, so that no two count on the same remainder. */
  readonly #mutex = new Mutex();
  readonly #told = new Set<string>();

  /** Notes in `notes` which orders were obeyed and which are held. */
  constructor(notes: OrderNotes, options: OrderGateOptions) {
    this.#notes = notes;
    this.#options = options;
  }

  /**
   * The undecided ones of `keys`: those that are neither held nor dropped.
   *
   * @throws {ChatloomError} when the notes cannot be read.
   */
  async undecided(channel: string, keys: readonly ArchiveKey[]): Promise<ArchiveKey[]> {
    if (keys.length === 0) return [];
    const { held, dropped } = await this.#read(channel);
    return keys.filter((key) => !held.has(key) && !dropped.has(key));
  }

  /**
   * Whether `orders`, new and all of one kind, may be obeyed. If not, they are held. Noted before
   * it resolves.
   *
   * @param options.listed how many new orders the peer lists, where these are only a part of them
   * @throws {ChatloomError} when notes cannot be read or written: then none may be obeyed.
   */
  async admit(
    orders: readonly NewOrder[],
    options: {
      readonly peer: string;
      readonly channel: string;
      readonly kind: OrderKind;
      readonly listed: number;
    },
  ): Promise<boolean> {
    return await this.#mutex.run(() => this.#admit(orders, options));
  }

  async #admit(
    orders: readonly NewOrder[],
    { peer, channel, kind, listed }: Parameters<OrderGate["admit"]>[1],
  ): Promise<boolean> {
    const nowUs = this.#options.clock.wallUs();
    const book = await this.#read(channel);
    const names = orders.reduce((sum, order) => sum + namesIn(order), 0);
    const left = leftOf(ORDER_LIMITS[kind], { book, peer, kind, nowUs });
    if (listed <= left.orders && names <= left.names) {
      const hour = formatHour(nowUs);
      const obeyed = { peer, kind, hour, orders: orders.length, names };
      await this.#notes.append(channel, formatObeyed(obeyed));
      return true;
    }
    const kept = await this.#hold(orders, { peer, channel, book });
    this.#tell({ peer, channel, kind, listed, kept });
    return false;
  }

  /** Returns how many it kept. */
  async #hold(
    orders: readonly NewOrder[],
    { peer, channel, book }: { peer: string; channel: string; book: OrderBook },
  ): Promise<number> {
    const room = Math.max(0, HELD_MAX - book.held.size - book.dropped.size);
    const lines: string[] = [];
    let ownBytes = (await this.#notes.read(channel)).length;
    let allBytes = await this.#notes.sizeBytes();
    for (const { key, text } of orders.slice(0, room)) {
      const line = formatHeld({ key, peer, text });
      ownBytes += line.length;
      allBytes += line.length;
      if (ownBytes > CHANNEL_NOTES_MAX_BYTES || allBytes > NOTES_MAX_BYTES) break;
      lines.push(line);
    }
    if (lines.length > 0) await this.#notes.append(channel, lines.join(""));
    return lines.length;
  }

  #tell(
    { peer, channel, kind, listed, kept }: {
      readonly peer: string;
      readonly channel: string;
      readonly kind: OrderKind;
      readonly listed: number;
      readonly kept: number;
    },
  ): void {
    const { reporter } = this.#options;
    reporter.count("sync_orders_held", { peer, kind }, kept);
    const subject = `${peer} ${channel} ${kind}`;
    // An order that is not kept comes again in each pass, and is reported once.
    if (kept === 0 && this.#told.has(subject)) return;
    if (this.#told.size < TOLD_MAX) this.#told.add(subject);
    const what = "A peer sent more orders than its limit: they are held, see chatloom orders";
    reporter.report("warning", what, { peer, channel, kind, orders: listed, kept });
  }

  async #read(channel: string): Promise<OrderBook> {
    return parseOrderBook(channel, await this.#notes.read(channel));
  }
}

function leftOf(
  limits: OrderLimits,
  { book, peer, kind, nowUs }: {
    readonly book: OrderBook;
    readonly peer: string;
    readonly kind: OrderKind;
    readonly nowUs: number;
  },
): OrderLimits {
  let { orders, names } = limits;
  for (const each of book.obeyed) {
    if (each.peer !== peer || each.kind !== kind) continue;
    if ((parseHour(each.hour) ?? 0) + DAY_US < nowUs) continue;
    orders -= each.orders;
    names -= each.names;
  }
  return { orders, names };
}
