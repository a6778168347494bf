import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ArchiveKey,
  batchKey,
  formatArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { encodeRedaction, type Redaction } from "../../../src/core/redaction/redaction.ts";
import { HOUR_US } from "../../../src/core/time.ts";
import {
  acceptOrders,
  dropOrders,
  heldOrders,
} from "../../../src/engine/sync/orders/decide_orders.ts";
import {
  formatDecision,
  formatHeld,
  formatObeyed,
  parseOrderBook,
} from "../../../src/engine/sync/orders/order_book.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  CHANNEL,
  contentsOf,
  filesOf,
  hasher,
  listening,
  type SmallSighting,
  WORLD_US,
} from "../settle/settle_world.ts";
import { storePeer, syncNode } from "./sync_world.ts";

const NEVER = new AbortController().signal;
const encoder = new TextEncoder();
const SIGHTINGS: readonly SmallSighting[] = Array.from({ length: 300 }, (_, i) => ({
  content: i,
  isExact: true,
  receiver: 1,
  receivedS: i,
  startS: i,
  lengthS: 0,
}));

function redactionOf(target: Redaction["target"]): [ArchiveKey, Uint8Array] {
  const bytes = encodeRedaction({ target, madeUs: WORLD_US, reason: "" });
  const digest = hasher.digest(bytes);
  return [formatArchiveKey({ kind: "redaction", channel: CHANNEL, digest }), bytes];
}

async function give(store: BatchStore, files: Iterable<readonly [ArchiveKey, Uint8Array]>) {
  for (const [key, bytes] of files) await store.put(key, bytes);
}

const messages = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => redactionOf({ kind: "message", id: `${from + i}` }));

const user = (id: number, logins: readonly string[]) =>
  redactionOf({ kind: "user", userId: `${id}`, logins: [...logins].sort(), beforeUs: undefined });

/** How many files of each kind a store has. */
async function countIn(store: BatchStore): Promise<{ orders: number; messages: number }> {
  const files = await contentsOf(store);
  const batches = [...files].filter(([key]) => key.endsWith(".json") && key.includes(":00-"));
  return {
    orders: [...files.keys()].filter((key) => /redactions|tombstone/.test(key)).length,
    messages: batches.reduce((sum, [, text]) => sum + text.split("\n").length - 1, 0),
  };
}

async function world(orders: Iterable<readonly [ArchiveKey, Uint8Array]>) {
  const clock = virtualClock({ startUs: WORLD_US + HOUR_US });
  const reporter = listening();
  const node = syncNode({ name: "node", clock, reporter });
  const other = syncNode({ name: "other", clock });
  await give(node.files, filesOf(SIGHTINGS));
  await give(other.files, orders);
  const peer = storePeer("other", other.files);
  node.syncer.setPeers([peer]);
  const look = async () => {
    await node.syncer.once({ signal: NEVER, check: false });
    await node.settler.settleNoted();
    await clock.advance(10_000);
  };
  return { node, other, peer, clock, look, told: reporter.told };
}

test("Syncer obeys a few redactions of a peer, and says first how much they delete", async () => {
  const { node, look, told } = await world(messages(0, 3));
  await look();
  assert.deepEqual(await countIn(node.files), { orders: 3, messages: 297 });
  const [, , fields] = told.find(([, message]) => message === "Obeying redactions of a peer")!;
  const { orders, messages: gone } = fields;
  assert.deepEqual({ orders, gone }, { orders: 3, gone: 3 });
});

test("Syncer holds a flood of redactions: none is in force before the operator accepts", async () => {
  const { node, look, told, peer } = await world(messages(0, 150));
  for (let i = 0; i < 3; i++) await look();
  assert.deepEqual(await countIn(node.files), { orders: 0, messages: 300 });
  const held = await heldOrders(CHANNEL, node.orders);
  assert.equal(held.length, 150);
  assert.equal(told.filter(([, message]) => message.includes("more orders")).length, 1);
  assert.ok(
    [...peer.reads.values()].every((count) => count === 1),
    "held orders are fetched again",
  );

  const [accepted, dropped] = [held.slice(0, 50), held.slice(50)];
  const options = { ...node, hasher, reporter: noopReporter, notes: node.orders };
  await acceptOrders(CHANNEL, accepted, options);
  await dropOrders(CHANNEL, dropped, node.orders);
  assert.deepEqual(await countIn(node.files), { orders: 50, messages: 250 });
  await look();
  assert.deepEqual(await countIn(node.files), { orders: 50, messages: 250 });
  assert.deepEqual(await heldOrders(CHANNEL, node.orders), []);
});

test("Syncer counts the names in redactions, and the orders of a day, of each peer", async () => {
  const logins = Array.from({ length: 200 }, (_, i) => `login${i}`);
  const many = await world([user(1, logins), user(2, logins)]);
  await many.look();
  assert.deepEqual(await countIn(many.node.files), { orders: 0, messages: 300 });

  const { node, other, look, clock } = await world(messages(0, 90));
  await look();
  assert.equal((await countIn(node.files)).orders, 90);
  await give(other.files, messages(90, 110));
  await look();
  assert.equal((await countIn(node.files)).orders, 90, "a flood in drops");
  const third = syncNode({ name: "third", clock });
  await give(third.files, messages(200, 203));
  node.syncer.setPeers([storePeer("third", third.files)]);
  await look();
  assert.equal((await countIn(node.files)).orders, 93, "another peer has orders of its own");
  await clock.advance(25 * 3_600_000);
  await give(third.files, messages(203, 300));
  await look();
  assert.equal((await countIn(node.files)).orders, 190, "the next day counts anew");
});

test("Syncer holds a flood of tombstones, and the files of those names come all the same", async () => {
  const tombs = Array.from({ length: 1_200 }, (_, i) => {
    const digest = hasher.digest(encoder.encode(`tomb ${i}`));
    const key = batchKey(CHANNEL, { timeUs: WORLD_US, digest }).replace(/json$/, "tombstone");
    return [key, new Uint8Array()] as const;
  });
  const more = filesOf([{ ...SIGHTINGS[0]!, content: 900, startS: 30 }]);
  const [[batch = ""] = []] = more;
  const { node, look, other } = await world([...tombs, ...more]);
  await other.files.put(batch.replace(/json$/, "tombstone"), new Uint8Array());
  await look();
  assert.deepEqual(await countIn(node.files), { orders: 0, messages: 301 });
  const held = await heldOrders(CHANNEL, node.orders);
  assert.equal(held.length, 1_201);
  const last = held.filter(({ key }) => key.startsWith(batch.slice(0, -5)));
  await acceptOrders(CHANNEL, last, {
    ...node,
    hasher,
    reporter: noopReporter,
    notes: node.orders,
  });
  assert.deepEqual((await countIn(node.files)).orders, 1);
});

test("Syncer takes files but no orders of a peer that may give none", async () => {
  const more = filesOf([{ ...SIGHTINGS[0]!, content: 900, startS: 30 }]);
  const tomb = [...more.keys()][0]!.replace(/json$/, "tombstone");
  const { node, look, peer } = await world([...messages(0, 3), ...more, [tomb, new Uint8Array()]]);
  node.syncer.setPeers([peer], { withoutOrders: new Set([peer.name]) });
  await look();
  assert.deepEqual(await countIn(node.files), { orders: 0, messages: 301 });
  assert.deepEqual(await heldOrders(CHANNEL, node.orders), []);
  node.syncer.setPeers([peer]);
  await look();
  assert.equal((await countIn(node.files)).orders, 4, "the list of peers has changed");
});

test("Syncer obeys nothing where it cannot note what it obeyed", async () => {
  const { node, look } = await world(messages(0, 3));
  node.orders.append = () => Promise.reject(new Error("no notes"));
  await assert.rejects(look(), /no notes/);
  assert.equal((await countIn(node.files)).orders, 0);
});

test("parseOrderBook leaves out lines that say nothing, and the last word counts", () => {
  const [[key = ""] = []] = messages(1, 2);
  const foreign = key.replace(CHANNEL, "other");
  const text = [
    "no JSON\n",
    "[]\n",
    `{"held":"../../x","peer":"p","text":""}\n`,
    formatHeld({ key: foreign, peer: "p", text: "t" }),
    formatHeld({ key, peer: "p", text: "t" }),
    formatObeyed({ peer: "p", kind: "redaction", hour: "2026-08-01T12", orders: 2, names: 3 }),
  ].join("");
  const book = parseOrderBook(CHANNEL, `${text}{"held":"torn`);
  assert.deepEqual([...book.held.values()], [{ key, kind: "redaction", peer: "p", text: "t" }]);
  assert.equal(book.obeyed.length, 1);
  const dropped = parseOrderBook(CHANNEL, text + formatDecision("dropped", key));
  assert.deepEqual([dropped.held.size, [...dropped.dropped]], [0, [key]]);
  const accepted = parseOrderBook(CHANNEL, text + formatDecision("accepted", key));
  assert.deepEqual([accepted.held.size, accepted.dropped.size], [0, 0]);
});
