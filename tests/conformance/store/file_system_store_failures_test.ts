import assert from "node:assert/strict";
import { test } from "node:test";
import { NODE_FILE_CALLS } from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { ChatloomError, type ErrorCode } from "../../../src/core/errors/errors.ts";
import { keyOf } from "../batch_keys.ts";
import { faultyFileCalls } from "../disk/faulty_file_calls.ts";
import { forgetfulDisk } from "../disk/forgetful_file_calls.ts";
import { collect, someBytes } from "../../../src/testing/suites/suite.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const CODES: Record<string, ErrorCode> = {
  ENOSPC: "STORE_FULL",
  EDQUOT: "STORE_FULL",
  EACCES: "STORE_DENIED",
  EPERM: "STORE_DENIED",
  EROFS: "STORE_DENIED",
  EIO: "STORE_IO",
  EMFILE: "STORE_IO",
};

const OLD = keyOf(1);
const NEW = keyOf(2, { channel: "other" });
const BYTES = someBytes(10_000);

/** What is wrong with an archive in which `NEW` was put or not. Read by a store without faults. */
async function faultsOf(root: string, isPut: boolean): Promise<string[]> {
  const store = fileSystemStore(root);
  const faults: string[] = [];
  const keys = await collect(store.list(""));
  const bytes = await store.get(NEW);
  if (!keys.includes(OLD)) faults.push("what was there before is gone");
  if (keys.includes(NEW) !== (bytes !== undefined)) faults.push("listed, but not there");
  if (isPut && bytes === undefined) faults.push("it said that it was stored");
  if (bytes !== undefined && bytes.join() !== BYTES.join()) faults.push("half a file");
  return faults;
}

for (const errno of ["ENOSPC", "EACCES", "EIO"]) {
  test(`fileSystemStore puts whole or not at all, whichever call fails with ${errno}`, async () => {
    for (let failAt = 1, isThrough = false; !isThrough; failAt++) {
      const { path, close } = tempFolder();
      await fileSystemStore(path).put(OLD, BYTES);
      const fault = { failAt, errno, writeMaxBytes: 4000 };
      const { calls, log } = faultyFileCalls(NODE_FILE_CALLS, fault);
      const store = fileSystemStore(path, { calls });
      try {
        await store.put(NEW, BYTES);
        // A fault that it got over does not count as one; without any it is through.
        isThrough = log.length < failAt;
      } catch (error) {
        assert.ok(error instanceof ChatloomError, `call ${failAt}, ${log.at(-1)}: ${error}`);
        assert.equal(error.code, CODES[errno], `call ${failAt}: ${error.message}`);
        assert.equal((error.cause as { code?: string }).code, errno);
        assert.match(error.message, /^Cannot store "other\/chat\/.+[^.]$/);
        assert.deepEqual(await faultsOf(path, false), [], `call ${failAt}, ${log.at(-1)}`);
        assert.deepEqual(await collect(store.strays("")), [], `call ${failAt} left something`);
        await store.put(NEW, BYTES); // Trying again is always right.
      }
      assert.deepEqual(await faultsOf(path, true), [], `call ${failAt}`);
      assert.ok(failAt < 100, "no put gets through");
      if (isThrough) assert.ok(failAt > 10, "hardly any call was made");
      close();
    }
  });
}

test("fileSystemStore tells full, denied and broken disks apart", async () => {
  for (const [errno, code] of Object.entries(CODES)) {
    const { path, close } = tempFolder();
    const { calls } = faultyFileCalls(NODE_FILE_CALLS, { failAt: 1, errno, isCrash: true });
    const store = fileSystemStore(path, { calls });
    const isIt = (error: unknown) => error instanceof ChatloomError && error.code === code;
    await assert.rejects(store.put(NEW, BYTES), isIt, `put ${errno}`);
    await assert.rejects(store.get(NEW), isIt, `get ${errno}`);
    await assert.rejects(store.delete(NEW), isIt, `delete ${errno}`);
    await assert.rejects(collect(store.list("")), isIt, `list ${errno}`);
    await assert.rejects(collect(store.folders("")), isIt, `folders ${errno}`);
    await assert.rejects(collect(store.strays("")), isIt, `strays ${errno}`);
    await assert.rejects(store.checkWritable(), isIt, `checkWritable ${errno}`);
    close();
  }
});

test("fileSystemStore leaves no half file, whichever call its process dies in", async () => {
  for (let failAt = 1, isThrough = false; !isThrough; failAt++) {
    const { path, close } = tempFolder();
    await fileSystemStore(path).put(OLD, BYTES);
    const fault = { failAt, errno: "EIO", isCrash: true, writeMaxBytes: 4000 };
    const { calls } = faultyFileCalls(NODE_FILE_CALLS, fault);
    isThrough = await fileSystemStore(path, { calls }).put(NEW, BYTES).then(
      () => true,
      () => false,
    );
    assert.deepEqual(await faultsOf(path, isThrough), [], `died in call ${failAt}`);
    const strays = await collect(fileSystemStore(path).strays(""));
    assert.ok(strays.length <= 1 && strays.every(({ path }) => path.endsWith(".tmp")));
    await fileSystemStore(path).put(NEW, BYTES);
    assert.deepEqual(await faultsOf(path, true), []);
    close();
  }
});

test("fileSystemStore keeps what it said was stored when the power is cut at any step", async () => {
  let steps = 1;
  for (let cutAt = 1; cutAt <= steps + 1; cutAt++) {
    const disk = forgetfulDisk();
    let step = 0;
    disk.onStep = (what) => {
      steps = Math.max(steps, ++step);
      if (step >= cutAt) {
        throw Object.assign(new Error(`the power is cut: ${what}`), { code: "EIO" });
      }
    };
    const stored: string[] = [];
    const keys = [OLD, NEW, keyOf(3), keyOf(4, { minute: 60 })];
    const put = async (key: string) => {
      await fileSystemStore("/a/b/archive", { calls: disk.calls }).put(key, BYTES);
      stored.push(key);
    };
    // One after the other, then two at once that share flushes.
    await put(OLD).then(() => put(NEW)).catch(() => {});
    await Promise.allSettled([put(keys[2]!), put(keys[3]!)]);
    disk.onStep = undefined;
    disk.cutPower();
    const after = fileSystemStore("/a/b/archive", { calls: disk.calls });
    const listed = await collect(after.list(""));
    for (const key of keys) {
      const bytes = await after.get(key);
      const isWhole = bytes !== undefined && bytes.join() === BYTES.join();
      assert.ok(isWhole || !stored.includes(key), `cut at step ${cutAt}: lost ${key}`);
      assert.ok(isWhole || bytes === undefined, `cut at step ${cutAt}: half of ${key}`);
      assert.equal(listed.includes(key), isWhole);
    }
  }
  assert.ok(steps > 20, "hardly any step was taken");
});

test("fileSystemStore makes safe what it builds on, where another process died before it could", async () => {
  for (const [first, second] of [[OLD, OLD], [OLD, keyOf(3)]] as const) {
    for (let dieAt = 1, isThrough = false; !isThrough; dieAt++) {
      const disk = forgetfulDisk();
      const { calls } = faultyFileCalls(disk.calls, { failAt: dieAt, errno: "EIO", isCrash: true });
      isThrough = await fileSystemStore("/a/archive", { calls }).put(first, BYTES)
        .then(() => true, () => false);
      await fileSystemStore("/a/archive", { calls: disk.calls }).put(second, BYTES);
      disk.cutPower();
      const bytes = await fileSystemStore("/a/archive", { calls: disk.calls }).get(second);
      assert.ok(bytes?.join() === BYTES.join(), `the other died in call ${dieAt}`);
    }
  }
});

test("the forgetful disk finds out a store that does not flush", async () => {
  for (const forgotten of ["folders", "files"]) {
    const disk = forgetfulDisk();
    const lazy = forgotten === "folders" ? { ...disk.calls, syncFolder: async () => {} } : {
      ...disk.calls,
      create: async (path: string) => ({ ...await disk.calls.create(path), sync: async () => {} }),
    };
    await fileSystemStore("/archive", { calls: lazy }).put(OLD, BYTES);
    disk.cutPower();
    const bytes = await fileSystemStore("/archive", { calls: disk.calls }).get(OLD);
    assert.notEqual(bytes?.length, BYTES.length, `unflushed ${forgotten}`);
  }
});

test("fileSystemStore gets over a bad sector in a damaged file", async () => {
  const { path, close } = tempFolder();
  await fileSystemStore(path).put(OLD, someBytes(10_000, 99));
  const { calls } = faultyFileCalls(NODE_FILE_CALLS, { failAt: Infinity, errno: "" });
  const open: typeof calls.open = async (file) => ({
    ...await calls.open(file),
    read: () => Promise.reject(Object.assign(new Error("bad sector"), { code: "EIO" })),
  });
  await fileSystemStore(path, { calls: { ...calls, open } }).put(OLD, BYTES);
  assert.equal((await fileSystemStore(path).get(OLD))?.join(), BYTES.join());
  close();
});

test("fileSystemStore finds another character where no colon can be", async () => {
  const { path, close } = tempFolder();
  const refuse = (name: string) => {
    if (name.includes(":")) {
      throw Object.assign(new Error(`no such name: ${name}`), { code: "EINVAL" });
    }
  };
  const calls = {
    ...NODE_FILE_CALLS,
    stat: async (name: string) => (refuse(name), await NODE_FILE_CALLS.stat(name)),
    create: async (name: string) => (refuse(name), await NODE_FILE_CALLS.create(name)),
    rename: async (from: string, to: string) => (
      refuse(to), await NODE_FILE_CALLS.rename(from, to)
    ),
  };
  const store = fileSystemStore(path, { calls });
  for (const n of [1, 2, 1]) await store.put(keyOf(n), someBytes(n * 10));
  assert.deepEqual(await collect(store.list("")), [keyOf(1), keyOf(2)].sort());
  assert.equal((await store.get(keyOf(2)))?.join(), someBytes(20).join());
  await store.delete(keyOf(2));
  assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  assert.deepEqual(await collect(store.strays("")), []);
  close();
});
