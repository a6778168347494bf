import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  errnoError,
  type FileCalls,
  NODE_FILE_CALLS,
} from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import {
  ChatloomError,
  type ErrorCode,
  UnreadableEntryError,
} from "../../../src/core/errors/errors.ts";
import { collect, someBytes } from "../../../src/testing/suites/suite.ts";
import { keyOf } from "../batch_keys.ts";
import { faultyFileCalls } from "../disk/faulty_file_calls.ts";
import { lockFolder, mountSmallDisk } from "../disk/small_disk.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const HOUR = "forsen/chat/2026-08-01T12";
const CODE = (code: ErrorCode) => (error: unknown) =>
  error instanceof ChatloomError && error.code === code && error.cause instanceof Error;

function open(t: TestContext): { root: string; store: ReturnType<typeof fileSystemStore> } {
  const { path, close } = tempFolder();
  t.after(close);
  return { root: path, store: fileSystemStore(path) };
}

/** Writes a file that the archive knows nothing of. */
function plant(root: string, path: string, text = "planted"): string {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

const FIRST_LAYOUT =
  "where the first version kept it: settling the archive moves it to where it belongs";

test("fileSystemStore names files as the reference does", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  const path = join(root, ...keyOf(1).split("/"));
  assert.deepEqual(new Uint8Array(readFileSync(path)), someBytes(10));
  assert.deepEqual(readdirSync(join(root, HOUR)), [keyOf(1).split("/")[3]]);
});

test("fileSystemStore reports what is no file of the archive, and reads none of it", async (t) => {
  const { root, store } = open(t);
  const outside = tempFolder();
  t.after(outside.close);
  plant(outside.path, `chat/2026-08-01T12/${keyOf(7).split("/")[3]}`, "secret");
  await store.put(keyOf(1), someBytes(10));
  await store.put(keyOf(1, { channel: "other" }), someBytes(10));
  for (
    const path of [
      "README",
      ".hidden/chat/x",
      "Forsen/chat/2026-08-01T12/x",
      "forsen/source/2026-08-01T12/00:00-segment.ts",
      "forsen/notes.txt",
      "forsen/chat/2026-08-01T12.json",
      "forsen/chat/2026-08-01T24/x",
      "forsen/chat/2026-02-30T12/x",
      `${HOUR}/00:00-short.json`,
      `${HOUR}/60:00-${keyOf(2).slice(-48)}`,
      `${HOUR}/01:00-${keyOf(2).slice(-48)}.gz`,
      `${HOUR}/.00:00-something.temp`,
      "forsen/chat/redactions/x.json",
      "forsen/.chatloom/redactions/y.json",
      "forsen/.chatloom/packs/z",
    ]
  ) plant(root, path);
  mkdirSync(join(root, keyOf(3)), { recursive: true });
  symlinkSync(join(root, keyOf(1)), join(root, keyOf(4)));
  symlinkSync(join(outside.path, "nowhere"), join(root, keyOf(5)));
  symlinkSync(outside.path, join(root, "linked"));
  symlinkSync(join(outside.path, "chat"), join(root, "other", "chat2"));
  const hasPipe = spawnSync("mkfifo", [join(root, keyOf(6))]).status === 0;

  const strays = new Map<string, string>();
  for await (const { path, reason } of store.strays("")) strays.set(path, reason);
  assert.deepEqual(
    [...strays].map(([path, reason]) => `${path}: ${reason}`).sort(),
    [
      ".hidden: not the name of a channel",
      "Forsen: not the name of a channel",
      "README: a file where only folders belong",
      "forsen/chat/2026-02-30T12: not an hour",
      "forsen/chat/2026-08-01T12.json: a file where only folders belong",
      `${HOUR}/.00:00-something.temp: an unfinished file, of a writer that is at work or has crashed`,
      `${HOUR}/00:00-short.json: not the name of a batch or a tombstone`,
      `${HOUR}/01:00-${keyOf(2).slice(-48)}.gz: not the name of a batch or a tombstone`,
      `${HOUR}/60:00-${keyOf(2).slice(-48)}: not the name of a batch or a tombstone`,
      "forsen/chat/2026-08-01T24: not an hour",
      "forsen/chat/redactions/x.json: not the name of a redaction or of coverage",
      `forsen/chat/redactions: ${FIRST_LAYOUT}`,
      "forsen/.chatloom/redactions/y.json: not the name of a redaction or of coverage",
      'forsen/.chatloom/packs: not "redactions" or "coverage"',
      "forsen/notes.txt: a file where only folders belong",
      "forsen/source: no chat: a folder of another program",
      "linked: a symbolic link, which is never followed",
      "other/chat2: a symbolic link, which is never followed",
    ].sort(),
  );

  // What stands in the place of a file is listed under its key, and never read or replaced.
  const planted = [3, 4, 5, ...(hasPipe ? [6] : [])].map((n) => keyOf(n));
  assert.deepEqual(
    await collect(store.list("")),
    [...[keyOf(1), ...planted].sort(), keyOf(1, { channel: "other" })],
  );
  assert.deepEqual(await collect(store.folders("")), ["forsen", "other"]);
  const inside = (await collect(store.strays(`${HOUR}/`))).map(({ path }) => path);
  assert.deepEqual(
    inside.sort(),
    [...strays.keys()].filter((path) => path.startsWith(HOUR + "/")).sort(),
  );

  const linked = keyOf(7, { channel: "linked" });
  assert.equal(await store.get(linked), undefined);
  const reasons: string[] = [];
  for (const key of planted) {
    await store.get(key).then(() => assert.fail(`get ${key}`), (error) => {
      assert.ok(error instanceof UnreadableEntryError, String(error));
      assert.equal(error.entries[0].path, key);
      reasons.push(error.entries[0].reason);
    });
  }
  assert.deepEqual(reasons, [
    "in its place is a folder where only files belong",
    "in its place is a symbolic link, which is never followed",
    "in its place is a symbolic link, which is never followed",
    ...(hasPipe ? ["in its place is neither a file nor a folder"] : []),
  ]);
  for (const key of [...planted, linked]) {
    await store.delete(key);
    await assert.rejects(
      store.put(key, someBytes(5)),
      (error) => error instanceof ChatloomError && error.code === "STORE_IO",
      `put ${key}`,
    );
  }
  assert.equal((await collect(store.strays(""))).length, strays.size, "all are still there");
  assert.deepEqual(await store.get(keyOf(1)), someBytes(10));
  assert.equal(await collect(store.list("linked/")).then(({ length }) => length), 0);
});

test("fileSystemStore reports an unfinished file, and sweeps it when it is old", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  // With the period as the first version wrote them, with and without the colon as this one does.
  const names = [
    `07:00-chatloom-${"a".repeat(12)}-1.tmp`,
    `.chatloom-${"b".repeat(12)}-22.tmp`,
    `07_00-chatloom-${"c".repeat(12)}-3.tmp`,
  ];
  const [young, ...olds] = names.map((name) => plant(root, `${HOUR}/${name}`));
  const hoursAgo = Date.now() / 1000 - 2 * 3600;
  for (const old of olds) utimesSync(old, hoursAgo, hoursAgo);
  // Not ours, however old.
  const foreign = plant(root, `${HOUR}/.chatloom-notes.tmp`);
  utimesSync(foreign, hoursAgo, hoursAgo);
  const found = (await collect(store.strays(""))).map(({ path }) => path.slice(HOUR.length + 1));
  assert.deepEqual(found.sort(), [...names, ".chatloom-notes.tmp"].sort());
  assert.ok(olds.every((old) => existsSync(old)), "looking for strays removes none");
  assert.deepEqual(await collect(store.list(HOUR)), [keyOf(1)]);
  assert.deepEqual(
    [young, ...olds, foreign].map((path) => existsSync(path!)),
    [true, false, false, true],
  );
  utimesSync(young!, hoursAgo, hoursAgo);
  await collect(fileSystemStore(root, { sweepAfterMs: Infinity }).list(""));
  assert.ok(existsSync(young!), "told to sweep nothing");
});

test("fileSystemStore reads both characters for the colon, and a key once", async (t) => {
  const { root, store } = open(t);
  const plain = (n: number) => join(root, keyOf(n).replace(":", "_"));
  await store.put(keyOf(1), someBytes(10));
  renameSync(join(root, keyOf(1)), plain(1));
  await store.put(keyOf(2), someBytes(20));
  writeFileSync(plain(2), someBytes(20));
  assert.deepEqual(await collect(store.list("")), [keyOf(1), keyOf(2)].sort());
  assert.deepEqual(await store.get(keyOf(1)), someBytes(10));
  const [stray, ...rest] = await collect(store.strays(""));
  assert.equal(stray?.path, keyOf(2).replace(":", "_"));
  assert.match(stray?.reason ?? "", /^a second copy of /);
  assert.equal(rest.length, 0);
  await store.put(keyOf(1), someBytes(10)); // It is there: not written a second time.
  assert.equal(existsSync(join(root, keyOf(1))), false);
  for (const n of [1, 2]) await store.delete(keyOf(n));
  assert.deepEqual(readdirSync(join(root, HOUR)), []);
});

test("fileSystemStore reads the folders that a prefix needs, and one at a time", async (t) => {
  const { root, store } = open(t);
  for (let hour = 0; hour < 5; hour++) {
    for (const channel of ["aa", "forsen"]) {
      for (const minute of [0, 1]) {
        await store.put(keyOf(minute, { channel, minute: hour * 60 + minute }), someBytes(1));
      }
    }
  }
  const { calls, log } = faultyFileCalls(NODE_FILE_CALLS, { failAt: Infinity, errno: "" });
  const counting = fileSystemStore(root, { calls });
  let seen = 0;
  const read = () => {
    const calls = log.slice(seen);
    seen = log.length;
    return calls.filter((call) => call.startsWith("names ")).length;
  };
  const costs: [prefix: string, keys: number, folders: number][] = [
    [`${HOUR}/`, 2, 1],
    [`${HOUR}/01:00-`, 1, 1],
    [`${HOUR}`, 2, 2],
    ["forsen/chat/", 10, 6],
    ["forsen/.chatloom/redactions/", 0, 0],
    // The first version kept coverage in the hour's folder of chat.
    [`forsen/.chatloom/coverage/${HOUR.slice(-13)}/`, 0, 1],
    // So for the coverage of all hours the folders of chat are read once more.
    ["forsen/.chatloom/", 0, 6],
    ["forsen/", 10, 7 + 6],
    ["forsen", 10, 8 + 6],
    ["", 20, 15 + 12],
    ["nobody/chat/", 0, 0],
  ];
  for (const [prefix, keys, folders] of costs) {
    assert.equal((await collect(counting.list(prefix))).length, keys, prefix);
    assert.equal(read(), folders, `folders read for "${prefix}"`);
  }
  for await (const _ of counting.list("aa/chat/")) break;
  assert.equal(read(), 2, "a listing that is left early goes no further");
  assert.deepEqual(await collect(counting.folders("aa")), ["chat"]);
  assert.equal(read(), 1);
});

test("fileSystemStore does not write what is there already", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  const { ino, mtimeMs } = statSync(join(root, keyOf(1)));
  await fileSystemStore(root).put(keyOf(1), someBytes(10));
  const after = statSync(join(root, keyOf(1)));
  assert.deepEqual([after.ino, after.mtimeMs], [ino, mtimeMs]);
});

test("fileSystemStore goes on when a folder is removed under it", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  renameSync(join(root, "forsen"), join(root, "moved"));
  assert.equal(await store.get(keyOf(1)), undefined);
  await store.put(keyOf(2), someBytes(20));
  assert.deepEqual(await collect(store.list("forsen/")), [keyOf(2)]);
});

test("fileSystemStore takes a linked root, and keeps to it", async (t) => {
  const { root } = open(t);
  mkdirSync(join(root, "real"));
  symlinkSync(join(root, "real"), join(root, "link"));
  const store = fileSystemStore(join(root, "link"));
  await store.checkWritable();
  await store.put(keyOf(1), someBytes(10));
  assert.deepEqual(await fileSystemStore(join(root, "real")).get(keyOf(1)), someBytes(10));
});

test("fileSystemStore cannot be where a file is", async (t) => {
  const { root } = open(t);
  const store = fileSystemStore(plant(root, "file"));
  await assert.rejects(store.checkWritable(), CODE("STORE_IO"));
  await assert.rejects(store.put(keyOf(1), someBytes(10)), CODE("STORE_IO"));
  assert.equal(await store.get(keyOf(1)), undefined);
  assert.deepEqual(await collect(store.list("")), []);
});

test("fileSystemStore.checkWritable makes the archive's folder and leaves nothing in it", async (t) => {
  const { root } = open(t);
  await fileSystemStore(join(root, "a", "b")).checkWritable();
  assert.deepEqual(readdirSync(join(root, "a", "b")), []);
});

test("fileSystemStore on a full disk loses nothing, and goes on once there is room", async (t) => {
  const mounted = mountSmallDisk(400);
  if ("reason" in mounted) return t.skip(mounted.reason);
  t.after(mounted.disk.close);
  const store = fileSystemStore(join(mounted.disk.path, "archive"));
  const stored: number[] = [];
  let failure: unknown;
  for (let n = 0; failure === undefined; n++) {
    await store.put(keyOf(n), someBytes(30_000, n)).then(() => stored.push(n), (e) => failure = e);
    assert.ok(n < 100);
  }
  assert.ok(CODE("STORE_FULL")(failure), String(failure));
  assert.match((failure as Error).message, /no space is left .*: make room there$/);
  assert.ok(stored.length > 5);
  assert.equal((await collect(store.list(""))).length, stored.length);
  assert.deepEqual(await collect(store.strays("")), []);
  for (const n of stored) assert.deepEqual(await store.get(keyOf(n)), someBytes(30_000, n));
  await store.put(keyOf(stored[0]!), someBytes(30_000, stored[0])); // Needs no room.
  await store.delete(keyOf(stored[0]!));
  await store.put(keyOf(1000), someBytes(20_000));
  assert.deepEqual(await store.get(keyOf(1000)), someBytes(20_000));
});

test("fileSystemStore on a read-only disk reads, and refuses to write", async (t) => {
  const mounted = mountSmallDisk(400);
  if ("reason" in mounted) return t.skip(mounted.reason);
  t.after(mounted.disk.close);
  const store = fileSystemStore(mounted.disk.path);
  await store.put(keyOf(1), someBytes(10));
  mounted.disk.makeReadOnly();
  const later = fileSystemStore(mounted.disk.path);
  for (const each of [store, later]) {
    await assert.rejects(each.checkWritable(), CODE("STORE_DENIED"));
    await assert.rejects(each.put(keyOf(2), someBytes(10)), CODE("STORE_DENIED"));
    await assert.rejects(each.delete(keyOf(1)), CODE("STORE_DENIED"));
    assert.deepEqual(await collect(each.list("")), [keyOf(1)]);
    assert.deepEqual(await each.get(keyOf(1)), someBytes(10));
    await each.put(keyOf(1), someBytes(10)); // It is there: nothing to write.
  }
});

test("fileSystemStore without permission says so", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  const locked = lockFolder(join(root, HOUR));
  if ("reason" in locked) return t.skip(locked.reason);
  try {
    await assert.rejects(store.put(keyOf(2), someBytes(10)), CODE("STORE_DENIED"));
    await assert.rejects(store.delete(keyOf(1)), CODE("STORE_DENIED"));
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  } finally {
    locked.unlock();
  }
  await store.put(keyOf(2), someBytes(10));
});

test("fileSystemStore lists all folders but the one that cannot be read, and names it last", async (t) => {
  for (const errno of ["EACCES", "EIO"]) {
    const { root, store } = open(t);
    const keys = [0, 60, 120].map((minute) => keyOf(1, { minute }));
    for (const key of keys) await store.put(key, someBytes(10));
    const bad = join(root, keys[1]!, "..");
    const calls = {
      ...NODE_FILE_CALLS,
      names: (path: string) =>
        path === bad ? Promise.reject(errnoError(errno, path)) : NODE_FILE_CALLS.names(path),
    };
    const later = fileSystemStore(root, { calls });
    const listed: string[] = [];
    const listing = (async () => {
      for await (const key of later.list("")) listed.push(key);
    })();
    await assert.rejects(listing, (error) => {
      assert.ok(error instanceof UnreadableEntryError);
      assert.deepEqual(error.entries.map(({ path }) => path), ["forsen/chat/2026-08-01T13"]);
      assert.match(
        error.message,
        new RegExp(`^Cannot read "forsen/chat/2026-08-01T13": .*${errno}`),
      );
      return true;
    });
    assert.deepEqual(listed, [keys[0], keys[2]]);
    assert.deepEqual(await collect(later.strays("")), []);
  }
});

test("fileSystemStore takes no more memory than a file has bytes, whatever it claims", async (t) => {
  const { root, store } = open(t);
  await store.put(keyOf(1), someBytes(10));
  let asked = 0;
  const calls: FileCalls = {
    ...NODE_FILE_CALLS,
    open: async (path) => {
      const file = await NODE_FILE_CALLS.open(path);
      return {
        ...file,
        facts: async () => ({ ...await file.facts(), sizeBytes: 200_000_000 }),
        read: (bytes, offset) => {
          asked = Math.max(asked, bytes.length);
          return file.read(bytes, offset);
        },
      };
    },
  };
  assert.deepEqual(await fileSystemStore(root, { calls }).get(keyOf(1)), someBytes(10));
  assert.ok(asked < 8_000_000, `${asked} bytes were taken for a file of 10`);
});
