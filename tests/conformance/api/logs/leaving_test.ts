import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import { apiWorld, said } from "../api_world.ts";

const HOURS = 40;

/** A store that tells of each file before it is read. */
function watched(store: BatchStore, onRead: () => void): BatchStore {
  return new Proxy(store, {
    get(target, name) {
      const member = target[name as keyof BatchStore] as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "get") onRead();
        return member.apply(target, args);
      };
    },
  });
}

test("/list of a user reads no more once its caller has left, and calls that no failure", async () => {
  let onRead = () => {};
  const world = apiWorld({ store: watched(memoryStore(), () => onRead()) });
  for (let hour = 0; hour < HOURS; hour++) {
    const tags = { "room-id": "11", "user-id": "1" };
    await world.put("forsen", [said(hour * 3_600, "hi", { tags })]);
  }
  assert.equal((await world.ask("/channels")).status, 200);
  const leaving = new AbortController();
  let reads = 0;
  onRead = () => {
    reads++;
    leaving.abort();
  };
  const { signal } = leaving;
  assert.equal((await world.ask("/list?channel=forsen&userid=77", { signal })).status, 503);
  assert.ok(reads > 0 && reads < HOURS / 2, `${reads} of ${HOURS} files were read`);
  assert.deepEqual(world.reports.filter((each) => each.startsWith("error")), []);
  // Who stays gets the answer, for which all are read.
  assert.equal((await world.ask("/list?channel=forsen&userid=77")).status, 404);
  assert.ok(reads > HOURS / 2, `${reads} of ${HOURS} files were read`);
});

test("a log of a user reads no more once its caller has left before the first line", async () => {
  /** Asks for the log of who wrote only in the last hour, and leaves at a read. */
  const askLeavingAt = async (leavesAt: number) => {
    let reads = 0;
    const leaving = new AbortController();
    const onRead = (): void => {
      if (++reads === leavesAt) leaving.abort();
    };
    const world = apiWorld({ store: watched(memoryStore(), onRead) });
    for (let hour = 0; hour < HOURS; hour++) {
      const tags = { "room-id": "11", "user-id": hour === HOURS - 1 ? "2" : "1" };
      await world.put("forsen", [said(hour * 3_600, "hi", { tags })]);
    }
    assert.equal((await world.ask("/channels")).status, 200);
    reads = 0;
    const { signal } = leaving;
    const { status } = await world.ask("/channelid/11/userid/2/2026/8", { signal });
    return { status, reads, errors: world.reports.filter((each) => each.startsWith("error")) };
  };
  const whole = await askLeavingAt(Infinity);
  assert.equal(whole.status, 200);
  assert.ok(whole.reads > HOURS / 2, `${whole.reads} of ${HOURS} files were read`);
  const { status, reads, errors } = await askLeavingAt(10);
  assert.equal(status, 503);
  assert.ok(reads >= 10 && reads < HOURS / 2, `${reads} of ${HOURS} files were read`);
  assert.deepEqual(errors, []);
});

test("a store that fails is told of, also when the caller has left meanwhile", async () => {
  let onRead = () => {};
  const world = apiWorld({ store: watched(memoryStore(), () => onRead()) });
  const tags = { "room-id": "11", "user-id": "1" };
  await world.put("forsen", [said(0, "hi", { tags })]);
  assert.equal((await world.ask("/channels")).status, 200);
  const leaving = new AbortController();
  onRead = () => {
    leaving.abort();
    throw new ChatloomError("STORE_IO", "The disk is broken");
  };
  const { signal } = leaving;
  assert.equal((await world.ask("/list?channel=forsen&userid=77", { signal })).status, 503);
  const errors = world.reports.filter((each) => each.startsWith("error"));
  assert.equal(errors.length, 1, errors.join());
  assert.match(errors[0]!, /The disk is broken/);
});
