import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import { archiveLockSuite } from "../../../src/testing/suites/archive_lock_suite.ts";
import { startLockHolder } from "./lock_holder_child.ts";
import { tempFolder } from "../disk/temp_folder.ts";

archiveLockSuite({
  test: (name, body) => test(`inProcessLock: ${name}`, body),
  open: () => {
    const store = memoryStore();
    return { locks: [inProcessLock(store), inProcessLock(store)] };
  },
});

archiveLockSuite({
  test: (name, body) => test(`fileSystemLock: ${name}`, body),
  open: () => {
    const { path, close } = tempFolder();
    return { locks: [fileSystemLock(path), fileSystemLock(path)], close };
  },
});

test("fileSystemLock begins no work once its signal aborted, whenever that is", async () => {
  const { path, close } = tempFolder();
  try {
    let aborted = 0;
    for (let turns = 0; turns < 60; turns++) {
      const lock = fileSystemLock(path);
      const aborter = new AbortController();
      const reason = new Error("enough");
      let hasBegun = false;
      const held = lock.hold("forsen", () => {
        assert.equal(aborter.signal.aborted, false, `after ${turns} turns`);
        hasBegun = true;
        return Promise.resolve();
      }, { signal: aborter.signal }).catch((error) => error);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      aborter.abort(reason);
      const outcome = await held;
      assert.equal(outcome, hasBegun ? undefined : reason, `after ${turns} turns`);
      if (!hasBegun) aborted++;
    }
    assert.ok(aborted > 0);
    assert.deepEqual(readdirSync(join(path, ".chatloom", "locks", "forsen")), []);
  } finally {
    close();
  }
});

test("fileSystemLock waits for another process, and takes over when that is killed", async () => {
  const { path, close } = tempFolder();
  const child = startLockHolder(path);
  try {
    assert.equal(await child.nextLine(), "held");
    const lock = fileSystemLock(path);
    let isHeld = false;
    const held = lock.hold("forsen", () => Promise.resolve(void (isHeld = true)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(isHeld, false);
    await child.kill();
    await held;
    assert.deepEqual(readdirSync(join(path, ".chatloom", "locks", "forsen")), []);
  } finally {
    await child.kill();
    close();
  }
});

test("fileSystemLock refuses what is no channel's name", async () => {
  const { path, close } = tempFolder();
  await assert.rejects(fileSystemLock(path).hold("../x", () => Promise.resolve()), RangeError);
  close();
});
