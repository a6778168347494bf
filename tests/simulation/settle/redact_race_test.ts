import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { listRedactions, redact } from "../../../src/engine/redact/redact.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { CHANNEL, contentsOf, filesOf, hasher, type SmallSighting } from "./settle_world.ts";
import { storeWith } from "./settle_world.ts";

const MESSAGE = { content: 1, isExact: true, startS: 5, lengthS: 0 };
const HEARD: readonly SmallSighting[] = [
  { ...MESSAGE, receiver: 0, receivedS: 6 },
  { ...MESSAGE, receiver: 1, receivedS: 7 },
];

test("redact finds a message whose file another settler replaces between listing and reading", async () => {
  const inner = await storeWith(HEARD.flatMap((sighting) => [...filesOf([sighting])]));
  const store = settledBefore(inner, filesOf(HEARD));
  const order = { target: { kind: "message", id: "1" }, reason: "a test" } as const;
  const redacted = await redact(CHANNEL, order, {
    store,
    hasher,
    reporter: noopReporter,
    clock: virtualClock(),
  });
  assert.equal(redacted.messages, 1);
  const left = [...(await contentsOf(inner)).keys()].filter((key) => !key.includes("/redactions/"));
  assert.deepEqual(left, []);
});

test("redact obeys for a user of more names than one order holds", async () => {
  const store = memoryStore();
  const logins = Array.from({ length: 300 }, (_, i) => `${"\u{20000}".repeat(31)}${1000 + i}`);
  const target = { kind: "user", userId: "7", logins, beforeUs: undefined } as const;
  const order = { target, reason: "a test" };
  const options = { store, hasher, reporter: noopReporter, clock: virtualClock() };
  const { orders } = await redact(CHANNEL, order, options);
  assert.deepEqual(orders.map(({ isNew }) => isNew), [true, true, true]);
  const stored = await listRedactions(CHANNEL, options);
  const names = stored.flatMap((each) =>
    each.ok && each.redaction.target.kind === "user" ? each.redaction.target.logins : []
  );
  assert.deepEqual(names.sort(), logins);
  const again = await redact(CHANNEL, order, options);
  assert.deepEqual(again.orders, orders.map(({ key }) => ({ key, isNew: false })));
});

/** A store whose batches another process brings to `settled` just before the first one is read. */
function settledBefore(
  inner: BatchStore,
  settled: ReadonlyMap<ArchiveKey, Uint8Array>,
): BatchStore {
  let isSettled = false;
  async function settle(): Promise<void> {
    isSettled = true;
    for (const [key, bytes] of settled) await inner.put(key, bytes);
    for (const key of (await contentsOf(inner)).keys()) {
      if (!key.includes("/redactions/") && !settled.has(key)) await inner.delete(key);
    }
  }
  return {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    put: (...args) => inner.put(...args),
    delete: (...args) => inner.delete(...args),
    async get(key, ...rest) {
      if (!isSettled && !key.includes("/redactions/")) await settle();
      return await inner.get(key, ...rest);
    },
  };
}
