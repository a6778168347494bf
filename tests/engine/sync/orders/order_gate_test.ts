import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryOrders } from "../../../../src/adapters/memory/memory_notes.ts";
import type { OrderKind } from "../../../../src/engine/sync/orders/order_book.ts";
import { OrderGate } from "../../../../src/engine/sync/orders/order_gate.ts";
import type { OrderNotes } from "../../../../src/ports/notes/order_notes.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";

interface Asked {
  readonly peer?: string;
  readonly channel?: string;
  readonly kind?: OrderKind;
  readonly listed?: number;
}

function world(notes: OrderNotes = memoryOrders()) {
  const clock = virtualClock(); // 2026-08-01T12:34
  const told: string[] = [];
  const counted: (number | undefined)[] = [];
  const gate = new OrderGate(notes, {
    clock,
    reporter: {
      report: (_severity, _message, fields) =>
        void told.push(`${fields!["peer"]} ${fields!["kind"]} ${fields!["kept"]}`),
      count: (_name, _labels, amount) => void counted.push(amount),
    },
  });
  let count = 0;
  /** Asks for so many new orders. */
  const admit = (orders: number, asked: Asked = {}): Promise<boolean> => {
    const { peer = "p", channel = "c", kind = "tombstone", listed = orders } = asked;
    const some = Array.from({ length: orders }, () => {
      const hash = `${String(count++).padStart(42, "0")}A`;
      const key = kind === "tombstone"
        ? `${channel}/chat/2026-08-01T12/34:00-${hash}.tombstone`
        : `${channel}/.chatloom/redactions/${hash}.json`;
      return { key, redaction: undefined, text: "" };
    });
    return gate.admit(some, { peer, channel, kind, listed });
  };
  return { clock, gate, notes, told, counted, admit };
}

test("OrderGate obeys a hundred redactions or a thousand tombstones of a peer a day, for each channel", async () => {
  const { admit } = world();
  assert.equal(await admit(60, { kind: "redaction" }), true);
  assert.equal(await admit(41, { kind: "redaction" }), false);
  assert.equal(await admit(40, { kind: "redaction" }), true);
  assert.equal(await admit(1, { kind: "redaction" }), false);
  assert.equal(await admit(100, { kind: "redaction", peer: "q" }), true);
  assert.equal(await admit(100, { kind: "redaction", channel: "d" }), true);
  assert.equal(await admit(1_000), true);
  assert.equal(await admit(1), false);
});

test("OrderGate counts all that a peer lists, where it was given a part of it", async () => {
  const { admit } = world();
  assert.equal(await admit(10, { listed: 1_001 }), false);
  assert.equal(await admit(10, { listed: 1_000 }), true);
  assert.equal(await admit(990), true, "what was given counts from then on");
  assert.equal(await admit(1), false);
});

test("OrderGate counts the names in redactions: three hundred a day", async () => {
  const { gate } = world();
  let count = 0;
  const admit = (logins: number): Promise<boolean> => {
    const names = Array.from({ length: logins }, (_, i) => String(i).padStart(3, "0"));
    const target = { kind: "user", userId: "1", logins: names, beforeUs: undefined } as const;
    const key = `c/.chatloom/redactions/${String(count++).padStart(42, "0")}A.json`;
    const order = { key, redaction: { target, madeUs: 0, reason: "" }, text: "" };
    return gate.admit([order], { peer: "p", channel: "c", kind: "redaction", listed: 1 });
  };
  assert.equal(await admit(199), true, "two hundred, with the user's own");
  assert.equal(await admit(100), false);
  assert.equal(await admit(99), true);
  assert.equal(await admit(0), false);
});

test("OrderGate counts the orders of the last day", async () => {
  const { clock, admit } = world();
  assert.equal(await admit(1_000), true);
  // The hour in which they were obeyed began at 12:00, 34 minutes before.
  await clock.advance(24 * 3_600_000 - 35 * 60_000);
  assert.equal(await admit(1), false);
  await clock.advance(60_000);
  assert.equal(await admit(1), true);
});

test("OrderGate.undecided leaves out what is held", async () => {
  const { gate, admit, notes, counted } = world();
  assert.deepEqual(await gate.undecided("c", []), []);
  await admit(3, { listed: 9_999 });
  const text = await notes.read("c");
  const keys = text.trim().split("\n").map((line) => JSON.parse(line).held as string);
  assert.equal(keys.length, 3);
  assert.deepEqual(counted, [3]);
  const fresh = keys[0]!.replace("34:00", "35:00");
  assert.deepEqual(await gate.undecided("c", [...keys, fresh]), [fresh]);
  assert.deepEqual(await gate.undecided("d", keys), keys);
});

test("OrderGate holds ten thousand orders of a channel, and tells once of what it does not keep", async () => {
  const { admit, told, counted } = world();
  await admit(9_000, { listed: 99_999 });
  await admit(2_000, { listed: 99_999 });
  await admit(5, { listed: 99_999 });
  await admit(5, { listed: 99_999 });
  await admit(5, { listed: 99_999, peer: "q" });
  assert.deepEqual(counted, [9_000, 1_000, 0, 0, 0]);
  assert.deepEqual(told, ["p tombstone 9000", "p tombstone 1000", "q tombstone 0"]);
});

test("OrderGate holds no more than its notes may take", async () => {
  for (
    const [own, all, isKept] of [
      [8 * 1_024 * 1_024 - 1_000, 0, true],
      [8 * 1_024 * 1_024, 0, false],
      [0, 64 * 1_024 * 1_024 - 1_000, true],
      [0, 64 * 1_024 * 1_024, false],
    ] as const
  ) {
    const inner = memoryOrders();
    if (own > 0) await inner.append("c", `${"x".repeat(own - 1)}\n`);
    const { admit, counted } = world({ ...inner, sizeBytes: () => Promise.resolve(all) });
    await admit(1, { listed: 9_999 });
    assert.deepEqual(counted, [isKept ? 1 : 0], `${own} ${all}`);
  }
});

test("OrderGate decides one at a time, so that no two count on the same remainder", async () => {
  const { admit } = world();
  assert.deepEqual(await Promise.all([admit(600), admit(600)]), [true, false]);
});
