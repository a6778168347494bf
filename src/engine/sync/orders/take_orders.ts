import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { redactionMatcher } from "../../../core/redaction/redaction_matcher.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { scanChannel } from "../../redact/scan_channel.ts";
import { namesIn, type NewOrder, readOrder } from "./new_order.ts";
import type { OrderGate } from "./order_gate.ts";

/** What {@link admitRedactions} works with. */
export interface AdmitOptions {
  readonly gate: OrderGate;
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Orders of one peer for one channel. */
export interface PeerOrders {
  readonly peer: string;
  readonly channel: string;
  /** How many new ones it lists, if not all were fetched. */
  readonly listed: number;
}

/** A redaction's file, whole and checked. */
export interface RedactionFile {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

/**
 * Whether these redactions may be stored. If so, it has logged how much they delete.
 *
 * @throws {ChatloomError} when the store or the notes fail.
 */
export async function admitRedactions(
  files: readonly RedactionFile[],
  { peer, channel, listed }: PeerOrders,
  { gate, store, hasher, reporter, signal }: AdmitOptions,
): Promise<boolean> {
  const decoder = new TextDecoder();
  const orders = files.map(({ key, bytes }) => readOrder(key, decoder.decode(bytes)));
  const isAdmitted = await gate.admit(orders, { peer, channel, listed, kind: "redaction" });
  if (!isAdmitted) return false;
  const { messages, minutes } = await reachOf(orders, channel, { store, hasher, signal });
  reporter.count("sync_orders_obeyed", { peer, kind: "redaction" }, orders.length);
  reporter.report(messages > 0 ? "warning" : "info", "Obeying redactions of a peer", {
    peer,
    channel,
    orders: orders.length,
    names: orders.reduce((sum, order) => sum + namesIn(order), 0),
    messages,
    minutes,
  });
  return true;
}

/**
 * Whether these tombstones may be stored. If so, it has logged how many files they hide.
 *
 * @throws {ChatloomError} when the notes fail.
 */
export async function admitTombstones(
  keys: readonly ArchiveKey[],
  { peer, channel, here }: Omit<PeerOrders, "listed"> & { readonly here: ReadonlySet<ArchiveKey> },
  { gate, reporter }: Pick<AdmitOptions, "gate" | "reporter">,
): Promise<boolean> {
  const orders = keys.map((key) => ({ key, redaction: undefined, text: "" }));
  const listed = orders.length;
  if (!await gate.admit(orders, { peer, channel, listed, kind: "tombstone" })) return false;
  const hidden = keys.filter((key) => here.has(key.replace(/tombstone$/, "json"))).length;
  reporter.count("sync_orders_obeyed", { peer, kind: "tombstone" }, listed);
  reporter.report(hidden > 0 ? "warning" : "info", "Obeying tombstones of a peer", {
    peer,
    channel,
    orders: listed,
    files: hidden,
  });
  return true;
}

/**
 * What `orders` would delete in `channel` if they were in force: messages, and minutes with such messages.
 * Reads the whole channel.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function reachOf(
  orders: readonly NewOrder[],
  channel: string,
  options: {
    readonly store: BatchStore;
    readonly hasher: Hasher;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly messages: number; readonly minutes: number }> {
  const redactions = orders.flatMap(({ redaction }) => redaction === undefined ? [] : [redaction]);
  if (redactions.length === 0) return { messages: 0, minutes: 0 };
  const isRedacted = redactionMatcher(redactions);
  let [messages, minutes] = [0, 0];
  for await (const { matches } of scanChannel(channel, { ...options, isRedacted })) {
    messages += matches.length;
    if (matches.length > 0) minutes++;
  }
  return { messages, minutes };
}
