import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { memoryOrders } from "../../../src/adapters/memory/memory_notes.ts";
import { fileSystemOrders } from "../../../src/adapters/file_system/file_system_orders.ts";

test("OrderNotes keep what is appended, by channel", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-orders-"));
  t.after(() => rm(root, { recursive: true }));
  for (const notes of [memoryOrders(), fileSystemOrders(root)]) {
    assert.deepEqual([await notes.channels(), await notes.sizeBytes()], [[], 0]);
    assert.equal(await notes.read("b"), "");
    await notes.append("b", "one\n");
    await notes.append("a", "two\n");
    await notes.append("b", "three\n");
    assert.equal(await notes.read("b"), "one\nthree\n");
    assert.deepEqual([await notes.channels(), await notes.sizeBytes()], [["a", "b"], 14]);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (const call of [() => notes.read("b", { signal }), () => notes.channels({ signal })]) {
      await assert.rejects(call, reason);
    }
  }
});

test("fileSystemOrders goes on after a torn line, and takes no name for a path", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-orders-"));
  t.after(() => rm(root, { recursive: true }));
  const notes = fileSystemOrders(root);
  await notes.append("a", "one\n");
  await appendFile(join(root, ".chatloom", "orders", "a.txt"), "to");
  await notes.append("a", "three\n");
  assert.equal(await notes.read("a"), "one\nto\nthree\n");
  await writeFile(join(root, ".chatloom", "orders", "NOT A CHANNEL.txt"), "");
  assert.deepEqual(await notes.channels(), ["a"]);
  await assert.rejects(notes.read("../a"), RangeError);
});
