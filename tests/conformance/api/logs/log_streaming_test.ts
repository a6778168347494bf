import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import { apiWorld } from "../api_world.ts";
import { record, say } from "./log_world.ts";

/** Minutes with some lines each; a million lines with CHATLOOM_LONG_TESTS=1. */
const MINUTES = process.env["CHATLOOM_LONG_TESTS"] === "1" ? 1_000 : 120;
const LINES_A_MINUTE = process.env["CHATLOOM_LONG_TESTS"] === "1" ? 1_000 : 200;

/** A store that counts the files that are read. */
function countingStore(): BatchStore & { readCount: number } {
  const store = memoryStore();
  return Object.assign(Object.create(store) as BatchStore, {
    readCount: 0,
    get(this: { readCount: number }, key: string) {
      this.readCount++;
      return store.get(key);
    },
    list: store.list.bind(store),
    folders: store.folders.bind(store),
    put: store.put.bind(store),
    delete: store.delete.bind(store),
    strays: store.strays.bind(store),
  });
}

async function longWorld() {
  const store = countingStore();
  const world = apiWorld({ store });
  for (let minute = 0; minute < MINUTES; minute++) {
    const lines = Array.from({ length: LINES_A_MINUTE }, (_, i) => {
      const at = Date.parse("2026-07-31T00:00:00Z") + minute * 60_000 + i * 50;
      return say(new Date(at).toISOString(), "x".repeat(300), { id: `${minute}-${i}` });
    });
    await record(world, lines);
  }
  return { world, store };
}

const { world, store } = await longWorld();

for (const query of ["raw", "json&reverse", "ndjson"]) {
  test(`a log as ${query} reads as far as its reader takes it, and no further when the reader leaves`, async () => {
    store.readCount = 0;
    const response = await world.ask(`/channel/forsen/2026/7/31?${query}`);
    const reader = response.body!.getReader();
    await reader.read();
    // A few minutes are read together and ahead.
    assert.ok(store.readCount < MINUTES / 2, `${store.readCount} files`);
    assert.match(await runningNow(), /"runningRequests":2/);
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve));
    const { readCount } = store;
    assert.match(await runningNow(), /"runningRequests":1/);
    assert.ok(store.readCount - readCount < 20, "reading ends with its reader");
  });
}

test("a long log is whole, in order, and its chunks are small", async () => {
  const response = await world.ask("/channel/forsen/2026/7/31?ndjson");
  let [bytes, largest, lines] = [0, 0, 1];
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    bytes += chunk.length;
    largest = Math.max(largest, chunk.length);
    lines += decoder.decode(chunk, { stream: true }).split("\r\n").length - 1;
  }
  assert.equal(lines, MINUTES * LINES_A_MINUTE);
  assert.ok(bytes > lines * 300);
  assert.ok(largest <= 128 * 1024, `${largest}`);
});

/** What the node says of its requests. */
async function runningNow(): Promise<string> {
  return (await world.text("/debug/state")).replaceAll(/\s/g, "");
}
