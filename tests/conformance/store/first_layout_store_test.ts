import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  errnoError,
  type FileCalls,
  NODE_FILE_CALLS,
} from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { firstPathOf } from "../../../src/core/archive/first_layout.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { keyOf } from "../batch_keys.ts";
import { faultyFileCalls } from "../disk/faulty_file_calls.ts";
import {
  coverageFile,
  type KeyedFile,
  plantFirst,
  redactionFile,
  treeOf,
} from "./first_layout_archive.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const HOUR = "2026-08-01T12";
const BATCH = { key: keyOf(1), bytes: new Uint8Array([1]) };
const ORDER = redactionFile("forsen", "forget-me");
const HEARD = coverageFile("forsen", HOUR);
// An hour in which there was nothing but coverage, of a channel whose name begins like the other.
const LONELY = coverageFile("forsen1", "2026-08-01T13");
const FILES: readonly KeyedFile[] = [BATCH, ORDER, HEARD, LONELY];
const KEYS = FILES.map(({ key }) => key).sort();

function plantAll(root: string): void {
  for (const file of FILES) plantFirst(root, file);
}

/** What a reader without faults misses or sees twice. */
async function faultsOf(root: string, files = FILES): Promise<string[]> {
  const store = fileSystemStore(root);
  const faults: string[] = [];
  const keys = files.map(({ key }) => key).sort();
  if ((await collect(store.list(""))).join() !== keys.join()) faults.push("the list is another");
  for (const { key, bytes } of files) {
    const listed = await collect(store.list(key.slice(0, key.lastIndexOf("/") + 1)));
    if (!listed.includes(key)) faults.push(`not listed: ${key}`);
    if ((await store.get(key))?.join() !== bytes.join()) faults.push(`not as it was: ${key}`);
  }
  return faults;
}

async function listAll(root: string, calls: FileCalls): Promise<void> {
  await collect(fileSystemStore(root, { calls, movesFirstLayout: true }).list(""));
}

test("fileSystemStore reads files where the first version put them, and leaves them there", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  const before = treeOf(root);
  assert.deepEqual(await faultsOf(root), []);
  const store = fileSystemStore(root);
  assert.deepEqual(await collect(store.folders("forsen/chat")), [HOUR]);
  const strays = await collect(store.strays(""));
  assert.deepEqual(
    strays.map(({ path, kind }) => [path, kind]).sort(),
    ["forsen/chat/redactions", ...[ORDER, HEARD, LONELY].map(({ key }) => firstPathOf(key)!)]
      .sort().map((path) => [path, "old-place"]),
  );
  assert.deepEqual(treeOf(root), before);
});

test("fileSystemStore moves them when a listing meets them, and what is in their way stays", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  const store = fileSystemStore(root, { movesFirstLayout: true });
  assert.deepEqual(await collect(store.list("forsen/.chatloom/redactions/")), [ORDER.key]);
  assert.deepEqual(
    treeOf(root),
    [BATCH.key, ORDER.key, firstPathOf(HEARD.key), firstPathOf(LONELY.key)].sort(),
    "the folder for redactions is gone, the rest was not met yet",
  );
  await collect(store.list(""));
  assert.deepEqual(treeOf(root), [...KEYS, "forsen1/chat/2026-08-01T13/"].sort());
  assert.deepEqual(await collect(store.strays("")), []);

  // Both places hold a file of that name, and only one of them can be right.
  const torn = plantFirst(root, { ...ORDER, bytes: new Uint8Array([7]) });
  const foreign = join(dirname(torn), "notes.txt");
  writeFileSync(foreign, "");
  await collect(store.list(""));
  assert.deepEqual(await faultsOf(root), []);
  assert.ok(treeOf(root).includes(firstPathOf(ORDER.key)!));
  await store.delete(ORDER.key);
  assert.equal(await store.get(ORDER.key), undefined, "it is not back from the other place");
});

test("fileSystemStore tells the node's own folder from the room of a channel that is called chat", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  const inState = redactionFile("forsen", "x").key.replace(
    "forsen/.chatloom",
    ".chatloom/.chatloom",
  );
  mkdirSync(join(root, dirname(inState)), { recursive: true });
  writeFileSync(join(root, inState), "");
  const order = redactionFile("chat", "x");
  plantFirst(root, order);
  const store = fileSystemStore(root, { movesFirstLayout: true });
  assert.deepEqual(await collect(store.list("")), [order.key]);
  assert.deepEqual(await collect(store.list("")), [order.key]);
  assert.deepEqual(await collect(store.folders("")), ["chat"]);
  assert.deepEqual(await collect(store.strays("")), []);
});

test("fileSystemStore puts a file where it belongs, and not beside one in the old place", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  const store = fileSystemStore(root);
  for (const { key, bytes } of [ORDER, HEARD]) await store.put(key, bytes);
  assert.deepEqual(await faultsOf(root), []);
  const tree = treeOf(root);
  for (const { key } of [ORDER, HEARD]) {
    assert.ok(tree.includes(key));
    assert.ok(!tree.includes(firstPathOf(key)!));
  }
});

for (const isCrash of [true, false]) {
  const what = isCrash ? "the process dies at" : "an error strikes";
  test(`fileSystemStore loses and doubles nothing whichever call of a move ${what}`, async () => {
    const files = [ORDER, HEARD];
    for (let failAt = 1, isThrough = false; !isThrough; failAt++) {
      const { path: root, close } = tempFolder();
      for (const file of files) plantFirst(root, file);
      const { calls, log } = faultyFileCalls(NODE_FILE_CALLS, { failAt, errno: "EIO", isCrash });
      await listAll(root, calls).catch(() => {});
      isThrough = log.length < failAt;
      assert.deepEqual(await faultsOf(root, files), [], `call ${failAt}, ${log.at(failAt - 1)}`);
      await listAll(root, NODE_FILE_CALLS); // The next writer goes on.
      assert.deepEqual(await faultsOf(root, files), [], `after call ${failAt}`);
      const left = treeOf(root).filter((path) => !KEYS.includes(path) && !path.endsWith("/"));
      assert.ok(left.every((path) => path.endsWith(".tmp")), `call ${failAt} left ${left}`);
      close();
      assert.ok(failAt < 1000);
    }
  });
}

test("fileSystemStore always shows a redaction that another process moves", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  // Before each call that the mover makes, a reader looks; and before each of the reader's, it moves on.
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    assert.deepEqual(await faultsOf(root), []);
    isLooking = false;
  };
  const mover = beforeEach(NODE_FILE_CALLS, look);
  await listAll(root, mover);
  await look();

  for (let moveAt = 1, isThrough = false; !isThrough; moveAt++) {
    const { path, close } = tempFolder();
    plantAll(path);
    let calls = 0;
    const reading = beforeEach(NODE_FILE_CALLS, async () => {
      if (++calls === moveAt) await listAll(path, NODE_FILE_CALLS);
    });
    const reader = fileSystemStore(path, { calls: reading });
    assert.deepEqual(await collect(reader.list("forsen/.chatloom/redactions/")), [ORDER.key]);
    assert.deepEqual(await reader.get(ORDER.key), ORDER.bytes, `moved before call ${moveAt}`);
    assert.deepEqual(await reader.get(HEARD.key), HEARD.bytes, `moved before call ${moveAt}`);
    isThrough = calls < moveAt;
    close();
  }
});

/** The calls, before each of which `work` runs. */
function beforeEach(inner: FileCalls, work: () => Promise<void>): FileCalls {
  return {
    ...inner,
    stat: async (path) => (await work(), await inner.stat(path)),
    names: async (path) => (await work(), await inner.names(path)),
    open: async (path) => (await work(), await inner.open(path)),
    create: async (path) => (await work(), await inner.create(path)),
    makeFolder: async (path) => (await work(), await inner.makeFolder(path)),
    rename: async (from, to) => (await work(), await inner.rename(from, to)),
    remove: async (path) => (await work(), await inner.remove(path)),
    removeFolder: async (path) => (await work(), await inner.removeFolder(path)),
    syncFolder: async (path) => (await work(), await inner.syncFolder(path)),
  };
}

test("fileSystemStore moves nothing in an archive that it cannot write, and reads all of it", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  const before = treeOf(root);
  const refuse = (path: string) => Promise.reject(errnoError("EROFS", path));
  const calls = {
    ...NODE_FILE_CALLS,
    create: refuse,
    makeFolder: refuse,
    rename: refuse,
    remove: refuse,
    removeFolder: refuse,
  };
  const store = fileSystemStore(root, { calls, movesFirstLayout: true });
  assert.deepEqual(await collect(store.list("")), KEYS);
  for (const { key, bytes } of FILES) assert.deepEqual(await store.get(key), bytes);
  assert.deepEqual(treeOf(root), before);
});

test("fileSystemStore follows no link in either place", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  plantAll(root);
  mkdirSync(join(root, "linked"));
  symlinkSync(join(root, "forsen", "chat"), join(root, "linked", "chat"));
  symlinkSync(join(root, "forsen", "chat"), join(root, "linked", ".chatloom"));
  const store = fileSystemStore(root, { movesFirstLayout: true });
  assert.deepEqual(await collect(store.list("linked/")), []);
  assert.equal(await store.get(ORDER.key.replace("forsen", "linked")), undefined);
});
