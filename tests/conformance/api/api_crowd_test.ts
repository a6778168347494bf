import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { apiWorld, said } from "./api_world.ts";

const READERS = 10;
const MINUTES = 20;
/** Of chat, in each minute. */
const MINUTE_BYTES = 2 * 1024 * 1024;
/** What all readers of a node share. With 40 readers of two busy hours the process stays below 400 MB. */
const SHARED_MAX_BYTES = 32 * 1024 * 1024;
/** Of an answer, in the hands of one reader. */
const SLICE_MAX_BYTES = 128 * 1024;
const LINE = "x".repeat(MINUTE_BYTES / 64);

for (const form of ["json", "ndjson"]) {
  test(`${READERS} readers of the same chat.${form} hold a slice each beside what they share`, async () => {
    const world = apiWorld({ store: memoryStore() });
    for (let minute = 0; minute < MINUTES; minute++) {
      const messages = Array.from({ length: 64 }, (_, i) => said(60 * minute + i / 2, LINE));
      await world.put("forsen", messages);
    }
    const path = `/forsen/chat.${form}?start=2026-08-01T12&end=2026-08-01T14`;
    const readers = await Promise.all(Array.from({ length: READERS }, async () => {
      const response = await world.ask(path);
      assert.equal(response.status, 200);
      return response.body!.getReader();
    }));
    let [mostShared, mostOwn, sentBytes] = [0, 0, 0];
    for (let left = readers; left.length > 0;) {
      const steps = await Promise.all(left.map((reader) => reader.read()));
      const pieces = steps.flatMap(({ value }) => value ?? []);
      left = left.filter((_, i) => !steps[i]!.done);
      const { http } = await world.json("/debug/state") as { http: { heldChatBytes: number } };
      mostShared = Math.max(mostShared, http.heldChatBytes);
      mostOwn = Math.max(mostOwn, heldBytes(pieces));
      sentBytes += pieces.reduce((sum, { length }) => sum + length, 0);
    }
    assert.ok(sentBytes > READERS * MINUTES * MINUTE_BYTES, `only ${sentBytes} bytes came`);
    assert.ok(mostShared > 0 && mostShared <= SHARED_MAX_BYTES, `${mostShared} bytes are shared`);
    // Readers that are at the same minute share it; two minutes at a time are in their hands.
    const ownMax = READERS * SLICE_MAX_BYTES + 2 * 1.1 * MINUTE_BYTES;
    assert.ok(mostOwn <= ownMax, `${mostOwn} bytes are in the hands of the readers`);
  });
}

/** How much memory hangs on these pieces: what is behind several of them counts once. */
function heldBytes(pieces: readonly Uint8Array[]): number {
  const buffers = new Set(pieces.map(({ buffer }) => buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
