import { Command } from "commander";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { acceptOrders, dropOrders, heldOrders } from "../../../engine/sync/orders/decide_orders.ts";
import { readOrder } from "../../../engine/sync/orders/new_order.ts";
import type { HeldOrder } from "../../../engine/sync/orders/order_book.ts";
import { reachOf } from "../../../engine/sync/orders/take_orders.ts";
import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { OrderNotes } from "../../../ports/notes/order_notes.ts";
import { openSettling } from "../../../node/wiring/open_settling.ts";
import { collect } from "../../arguments/collect.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface OrdersFlags {
  readonly archive: string;
  readonly channel: readonly string[];
  readonly peer?: string;
  readonly all?: boolean;
}

interface Place {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly notes: OrderNotes;
  readonly lock: ArchiveLock;
}

/** `chatloom orders`: decides about redactions and tombstones of peers that are held. */
export function ordersCommand(): Command {
  return new Command("orders")
    .description("decide about redactions and tombstones of peers that are held")
    .argument("<what>", "list, accept or drop")
    .argument("[keys...]", "the orders, as list prints them")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .option("--channel <name>", "only of this channel; may be given several times", collect, [])
    .option("--peer <url>", "only of this peer")
    .option("--all", "with accept and drop: all of these")
    .addHelpText(
      "after",
      "\nA peer may give a bounded number of orders a day. Further ones are held: they do nothing\n" +
        "until they are accepted, and once dropped they are not taken again. list says what each\n" +
        "names, and what accepting those of a channel would delete.\n" +
        examplesOf([
          "chatloom orders list --archive chat",
          "chatloom orders accept --archive chat --channel forsen --all",
          "chatloom orders drop --archive chat --peer http://other:8080 --all",
        ]),
    )
    .action(async (what: string, keys: string[], flags: OrdersFlags, command: Command) => {
      const context = contextOf(command);
      const { store, orders: notes, lock } = await openSettling(flags.archive, context);
      const place = { store, notes, lock, hasher: await bestHasher() };
      if (what === "list") return await listOrders(keys, flags, { place, context });
      if (what !== "accept" && what !== "drop") {
        command.error(`error: "${what}" is none of list, accept and drop`);
      }
      if (keys.length === 0 && flags.all !== true) {
        command.error(`error: name the orders to ${what}, or say --all`);
      }
      await decide(what, { keys, flags }, { place, context });
    });
}

async function chosen(
  keys: readonly string[],
  { channel, peer }: OrdersFlags,
  notes: OrderNotes,
): Promise<Map<string, HeldOrder[]>> {
  const byChannel = new Map<string, HeldOrder[]>();
  for (const name of channel.length > 0 ? channel : await notes.channels()) {
    const orders = (await heldOrders(name, notes)).filter((order) =>
      (peer === undefined || order.peer === peer.replace(/\/+$/, "")) &&
      (keys.length === 0 || keys.includes(order.key))
    );
    if (orders.length > 0) byChannel.set(name, orders);
  }
  return byChannel;
}

async function listOrders(
  keys: readonly string[],
  flags: OrdersFlags,
  { place, context: { print, signal } }: { readonly place: Place; readonly context: VerbContext },
): Promise<void> {
  const byChannel = await chosen(keys, flags, place.notes);
  if (byChannel.size === 0) await print("No orders are held\n");
  for (const [channel, orders] of byChannel) {
    for (const order of orders) await print(`${order.key}\n  ${describe(order)}\n`);
    await print(`${channel}: ${await formatReach(channel, orders, { ...place, signal })}\n`);
  }
}

function describe(order: HeldOrder): string {
  const { target, reason = "" } = readOrder(order.key, order.text).redaction ?? {};
  const what = target === undefined
    ? "hide this file"
    : target.kind === "message"
    ? `forget message ${target.id}`
    : `forget user ${target.userId}, names: ${target.logins.join(" ") || "none"}`;
  const why = reason === "" ? "" : `, because "${reason}"`;
  return escapeControls(`${what}${why}; from ${order.peer}`);
}

async function formatReach(
  channel: string,
  orders: readonly HeldOrder[],
  { store, hasher, signal }: Place & { readonly signal: AbortSignal },
): Promise<string> {
  const reach = await reachOf(orders.map(({ key, text }) => readOrder(key, text)), channel, {
    store,
    hasher,
    signal,
  });
  let files = 0;
  for (const { kind, key } of orders) {
    if (kind !== "tombstone") continue;
    if (await store.get(key.replace(/tombstone$/, "json"), { signal }) !== undefined) files++;
  }
  return `${orders.length} orders, which would delete ${reach.messages} messages in ` +
    `${reach.minutes} minutes and hide ${files} files`;
}

async function decide(
  what: "accept" | "drop",
  { keys, flags }: { readonly keys: readonly string[]; readonly flags: OrdersFlags },
  { place, context }: { readonly place: Place; readonly context: VerbContext },
): Promise<void> {
  const { print, reporter, signal } = context;
  const byChannel = await chosen(keys, flags, place.notes);
  let decided = 0;
  for (const [channel, orders] of byChannel) {
    decided += orders.length;
    if (what === "drop") {
      await dropOrders(channel, orders, place.notes);
      await print(`${channel}: ${orders.length} orders dropped\n`);
      continue;
    }
    const reach = await formatReach(channel, orders, { ...place, signal });
    const { failed } = await acceptOrders(channel, orders, {
      ...place,
      reporter,
      signal,
    });
    await print(`${channel}: accepted ${reach.replace("would delete", "delete")}\n`);
    if (failed > 0) throw new QuietExit(EXIT.failed, "Some minutes could not be rewritten");
  }
  if (decided < keys.length) {
    throw new QuietExit(EXIT.failed, `Only ${decided} of ${keys.length} orders are held`);
  }
  if (decided === 0) await print("No orders are held\n");
}
