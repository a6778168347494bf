import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";

const SENT_MS = 1_785_587_645_000;

/** Messages of one instant, or of instants a millisecond apart, as lines. */
function lines(count: number, { stepMs = 0, receiver = "a" } = {}): string[] {
  const bytes = encodeBatch(Array.from({ length: count }, (_, i) => ({
    command: "PRIVMSG",
    host: "h",
    params: ["#c", "hi"],
    receivers: { [receiver]: SENT_MS / 1_000 },
    sender: "s",
    tags: { id: String(i).padStart(3, "0"), "tmi-sent-ts": `${SENT_MS + i * stepMs}` },
    time: (SENT_MS + i * stepMs) / 1_000,
    time_range: 0,
    user: "u",
  })));
  return new TextDecoder().decode(bytes).trimEnd().split("\n");
}

function bytesOf(rows: readonly string[]): Uint8Array {
  return new TextEncoder().encode(rows.map((row) => `${row}\n`).join(""));
}

test("SightingSet has each exact message once, however many share an instant and in any order", () => {
  for (const count of [1, 2, 15, 16, 17, 18, 40]) {
    for (const stepMs of [0, 1]) {
      const rows = lines(count, { stepMs });
      const shuffled = rows.toSorted((a, b) => a.slice(-60) < b.slice(-60) ? 1 : -1);
      const odd = [...rows.filter((_, i) => i % 2 === 1), ...rows.filter((_, i) => i % 2 === 0)];
      for (const order of [rows, rows.toReversed(), shuffled, odd]) {
        const set = new SightingSet();
        set.add(bytesOf(order));
        set.add(bytesOf(rows.toReversed()));
        for (const row of rows) set.add(bytesOf([row]));
        assert.deepEqual(set.encode(), bytesOf(rows), `${count} messages, ${stepMs} ms apart`);
      }
    }
  }
});

test("SightingSet joins who heard a message, in whatever order and instants they come", () => {
  for (const count of [3, 17, 40]) {
    for (const stepMs of [0, 1]) {
      const [a, b] = ["a", "b"].map((receiver) => lines(count, { stepMs, receiver }));
      const set = new SightingSet();
      set.add(bytesOf(a!));
      set.add(bytesOf(b!.toReversed()));
      const other = new SightingSet();
      other.add(bytesOf(b!.toReversed()));
      assert.ok(set.includes(other) && !other.includes(set));
      other.addAll(set);
      assert.ok(other.includes(set));
      assert.deepEqual(other.encode(), set.encode());
      const rows = new TextDecoder().decode(set.encode()).trimEnd().split("\n");
      assert.equal(rows.length, count);
      for (const row of rows) {
        assert.ok(row.includes('"receivers":{"a":1785587645.0,"b":1785587645.0}'));
      }
    }
  }
});
