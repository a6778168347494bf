import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveKey } from "../../src/core/archive_key.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { SILENT } from "../../src/ports/reporter.ts";
import { redact } from "../../src/engine/redact/redact.ts";
import { virtualClock } from "../../src/testing/virtual_clock.ts";
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
    reporter: SILENT,
    clock: virtualClock(),
  });
  assert.equal(redacted.messages, 1);
  const left = [...(await contentsOf(inner)).keys()].filter((key) => !key.includes("/redactions/"));
  assert.deepEqual(left, []);
});

/** A store whose batches somebody else brings to `settled` just before the first one is read. */
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
