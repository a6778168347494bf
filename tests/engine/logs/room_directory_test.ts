import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { RoomDirectory } from "../../../src/engine/logs/room_directory.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { apiWorld } from "../../conformance/api/api_world.ts";
import { record, say } from "../../conformance/api/logs/log_world.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

/** Rooms of an archive with one channel, and how often its channels were listed. */
async function rooms() {
  const { store: inner, clock, ...world } = apiWorld();
  await record({ store: inner, clock, ...world }, [say("2026-08-01T12:00:00Z", "first")]);
  const asked = { channels: 0 };
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    get: (...args) => inner.get(...args),
    put: (...args) => inner.put(...args),
    delete: (...args) => inner.delete(...args),
    strays: (...args) => inner.strays(...args),
    folders(folder, options) {
      if (folder === "") asked.channels++;
      return inner.folders(folder, options);
    },
  };
  const options = { store, hasher, clock, reporter: noopReporter };
  const reader = new SharedChatReader({ ...options, cacheMaxBytes: 1_000_000, bootName: "" });
  return { directory: new RoomDirectory({ store, reader, clock }), asked };
}

test("RoomDirectory.warmUp does what the first question would wait for, once for both", async () => {
  const { directory, asked } = await rooms();
  const warm = directory.warmUp();
  const [room] = await Promise.all([directory.byLogin("forsen"), warm]);
  assert.equal(room?.id, "11");
  assert.equal((await directory.byId("11"))?.login, "forsen");
  await directory.warmUp();
  assert.equal(asked.channels, 1);
});

test("RoomDirectory reads the rooms for a question whose start was given up", async () => {
  const { directory } = await rooms();
  const closing = new AbortController();
  closing.abort();
  await assert.rejects(directory.warmUp({ signal: closing.signal }), { name: "AbortError" });
  assert.equal((await directory.byLogin("forsen"))?.id, "11");
});
