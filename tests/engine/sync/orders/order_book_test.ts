import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryOrders } from "../../../../src/adapters/memory/memory_notes.ts";
import { encodeRedaction } from "../../../../src/core/redaction/redaction.ts";
import { dropOrders, heldOrders } from "../../../../src/engine/sync/orders/decide_orders.ts";
import { namesIn, readOrder } from "../../../../src/engine/sync/orders/new_order.ts";
import {
  formatDecision,
  formatHeld,
  formatObeyed,
  parseOrderBook,
} from "../../../../src/engine/sync/orders/order_book.ts";

const HASH = "A".repeat(43);
const REDACTION = `c/.chatloom/redactions/${HASH}.json`;
const TOMBSTONE = `c/chat/2026-08-01T12/34:00-${HASH}.tombstone`;
const BATCH = `c/chat/2026-08-01T12/34:00-${HASH}.json`;
const held = (key: string): string => formatHeld({ key, peer: "p", text: "t" });

test("parseOrderBook follows an order from held to accepted or dropped, and back", () => {
  const book = (...notes: string[]) => {
    const { held, dropped } = parseOrderBook("c", notes.join(""));
    return [[...held.keys()], [...dropped]];
  };
  assert.deepEqual(book(held(REDACTION), held(TOMBSTONE)), [[REDACTION, TOMBSTONE], []]);
  const [accepted, dropped] = [
    formatDecision("accepted", REDACTION),
    formatDecision("dropped", REDACTION),
  ];
  assert.deepEqual(book(held(REDACTION), accepted), [[], []]);
  assert.deepEqual(book(held(REDACTION), dropped), [[], [REDACTION]]);
  assert.deepEqual(book(dropped, accepted), [[], []]);
  assert.deepEqual(book(dropped, held(REDACTION)), [[REDACTION], []]);
  const orders = [...parseOrderBook("c", held(REDACTION) + held(TOMBSTONE)).held.values()];
  assert.deepEqual(orders, [
    { key: REDACTION, kind: "redaction", peer: "p", text: "t" },
    { key: TOMBSTONE, kind: "tombstone", peer: "p", text: "t" },
  ]);
});

test("parseOrderBook leaves out what says nothing of this channel's orders", () => {
  const obeyed = {
    peer: "p",
    kind: "redaction",
    hour: "2026-08-01T12",
    orders: 1,
    names: 2,
  } as const;
  const good = formatObeyed(obeyed);
  const wrong = [
    "x\n",
    "[]\n",
    "null\n",
    "5\n",
    held(BATCH),
    held(REDACTION.replace("c/", "d/")),
    held("nothing"),
    held(REDACTION).replace('"p"', "1"),
    held(REDACTION).replace('"t"', "null"),
    good.replace('"redaction"', '"batch"'),
    good.replace('"p"', "1"),
    good.replace('"2026-08-01T12"', "1"),
    good.replace('"orders":1', '"orders":"1"'),
    good.replace('"names":2', '"names":null'),
    '{"accepted":1}\n',
    '{"dropped":1}\n',
    held(REDACTION).trimEnd(), // Torn.
  ];
  const { held: kept, dropped, obeyed: found } = parseOrderBook("c", good + wrong.join(""));
  assert.deepEqual([kept.size, dropped.size], [0, 0]);
  assert.deepEqual(found, [obeyed]);
  const tombstone = { ...obeyed, kind: "tombstone" } as const;
  assert.deepEqual(parseOrderBook("c", formatObeyed(tombstone)).obeyed, [tombstone]);
});

test("dropOrders notes what the operator does not want, so that it is held no longer", async () => {
  const notes = memoryOrders();
  await notes.append("c", held(REDACTION) + held(TOMBSTONE));
  const orders = await heldOrders("c", notes);
  assert.deepEqual(orders.map(({ key }) => key), [REDACTION, TOMBSTONE]);
  await dropOrders("c", orders.slice(0, 1), notes);
  assert.deepEqual((await heldOrders("c", notes)).map(({ key }) => key), [TOMBSTONE]);
  assert.deepEqual([...parseOrderBook("c", await notes.read("c")).dropped], [REDACTION]);
});

test("namesIn counts the user and each login, and one for what names no user", () => {
  const textOf = (target: Parameters<typeof encodeRedaction>[0]["target"]): string =>
    new TextDecoder().decode(encodeRedaction({ target, madeUs: 0, reason: "" }));
  const names = (text: string): number => namesIn(readOrder(REDACTION, text));
  const user = { kind: "user", userId: "1", beforeUs: undefined } as const;
  assert.equal(names(textOf({ kind: "message", id: "x" })), 1);
  assert.equal(names(textOf({ ...user, logins: [] })), 1);
  assert.equal(names(textOf({ ...user, logins: ["a", "b"] })), 3);
  assert.equal(names(""), 1);
  assert.equal(names("nonsense"), 1);
  assert.equal(readOrder(REDACTION, "nonsense").redaction, undefined);
});
