import { parseArchiveKey } from "../../../core/archive/archive_key.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { OrderNotes } from "../../../ports/notes/order_notes.ts";
import { settleArchive } from "../../settle/settle_archive.ts";
import { ChannelSettler, type SettleOptions } from "../../settle/settle_channel.ts";
import { formatDecision, type HeldOrder, parseOrderBook } from "./order_book.ts";

/**
 * The orders for `channel` that wait for the operator, in the order in which they came.
 *
 * @throws {ChatloomError} when the notes cannot be read.
 */
export async function heldOrders(channel: string, notes: OrderNotes): Promise<HeldOrder[]> {
  return [...parseOrderBook(channel, await notes.read(channel)).held.values()];
}

/**
 * Puts held orders into the archive and obeys them. Accepting again, as after a crash, finishes the
 * work: an order stays held until it is in force and its deletes are done.
 *
 * @returns how many minutes could not be settled; they were reported.
 * @throws {ChatloomError} when the store or the notes fail.
 */
export async function acceptOrders(
  channel: string,
  orders: readonly HeldOrder[],
  { notes, ...options }: SettleOptions & AbortOptions & { readonly notes: OrderNotes },
): Promise<{ readonly failed: number }> {
  const { store, signal } = options;
  for (const { key, text } of orders) {
    await store.put(key, new TextEncoder().encode(text), { signal });
  }
  let failed = 0;
  if (orders.some(({ kind }) => kind === "redaction")) {
    failed = (await settleArchive({ ...options, channels: [channel] })).failed;
  } else {
    const settler = new ChannelSettler(channel, options);
    for (const { key } of orders) {
      const parts = parseArchiveKey(key);
      if (parts?.kind !== "tombstone") continue;
      await settler.settle({ minuteUs: parts.minuteUs, isAlone: false }, { signal });
    }
  }
  if (failed === 0) {
    await notes.append(channel, orders.map(({ key }) => formatDecision("accepted", key)).join(""));
  }
  return { failed };
}

/**
 * Drops held orders: they are not taken again from any peer.
 *
 * @throws {ChatloomError} when the notes cannot be written.
 */
export async function dropOrders(
  channel: string,
  orders: readonly HeldOrder[],
  notes: OrderNotes,
): Promise<void> {
  await notes.append(channel, orders.map(({ key }) => formatDecision("dropped", key)).join(""));
}
