import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
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
