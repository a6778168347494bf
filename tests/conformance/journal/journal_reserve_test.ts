import assert from "node:assert/strict";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NODE_FILE_CALLS } from "../../../src/adapters/file_system/calls/file_calls.ts";
import {
  JournalReserve,
  RESERVE_FILE,
  type ReserveChange,
} from "../../../src/adapters/file_system/journal/journal_reserve.ts";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";
import { mountSmallDisk } from "../disk/small_disk.ts";
import { tempFolder } from "../disk/temp_folder.ts";
import { until } from "../../waiting/until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

test("fileSystemJournal goes on at the cost of its reserve while the disk is full, and makes it again", async (t) => {
  const mounted = mountSmallDisk(8 * KIB);
  if ("reason" in mounted) return t.skip(mounted.reason);
  const { path, close } = mounted.disk;
  t.after(close);
  const reserveBytes = 512 * KIB;
  const changes: ReserveChange[] = [];
  const journal = fileSystemJournal(path, {
    heartbeatMs: 10,
    reserveBytes,
    onReserve: (change) => changes.push(change),
  });
  const run = await journal.openRun("node");
  t.after(() => run.close().catch(() => {}));
  const reserve = join(path, ".chatloom/journal", run.name, RESERVE_FILE);
  const isReserved = () => existsSync(reserve) && statSync(reserve).size === reserveBytes;
  await until(isReserved, "the reserve");
  assert.deepEqual(changes, []);

  // Something else fills the disk to the last byte.
  const ballast = join(path, "ballast");
  for (let size = 8 * MIB; size >= KIB; size /= 2) {
    try {
      writeFileSync(ballast, new Uint8Array(size), { flag: "a" });
    } catch {
      // As much of it as there was room for.
    }
  }
  let appended = 0;
  const piece = someBytes(16 * KIB);
  const appendUntilFull = () => {
    for (;;) {
      run.append(piece);
      appended += piece.length;
    }
  };
  assert.throws(
    appendUntilFull,
    (error) => error instanceof ChatloomError && error.code === "STORE_FULL",
  );
  assert.ok(appended >= reserveBytes - 64 * KIB, `${appended} bytes appended`);
  assert.ok(appended <= reserveBytes + 64 * KIB);
  assert.deepEqual(changes, [{ isWhole: false, leftBytes: 0 }]);
  await run.sync();

  rmSync(ballast);
  await until(() => changes.length === 2, "the reserve to be made again");
  assert.deepEqual(changes[1], { isWhole: true, leftBytes: reserveBytes });
  run.append(piece);
  await run.close();
  assert.equal(statSync(reserve).size, 0);
});

test("JournalReserve takes nothing of a disk that has little room", async () => {
  const { path, close } = tempFolder();
  const calls = { ...NODE_FILE_CALLS, freeBytes: () => Promise.resolve(7 * MIB) };
  const reserve = new JournalReserve({ calls, folder: path, sizeBytes: MIB });
  reserve.keep();
  await reserve.close();
  assert.ok(!existsSync(join(path, RESERVE_FILE)));
  assert.equal(reserve.giveUp(), false);
  close();
});

test("JournalReserve gives up a part at a time, and is a file that no one can compress away", async () => {
  const { path, close } = tempFolder();
  const changes: number[] = [];
  const sizeBytes = 10 * MIB;
  const reserve = new JournalReserve({
    calls: { ...NODE_FILE_CALLS, freeBytes: () => Promise.resolve(1_000 * MIB) },
    folder: path,
    sizeBytes,
    onChange: ({ leftBytes }) => changes.push(leftBytes),
  });
  reserve.keep();
  const file = join(path, RESERVE_FILE);
  await until(() => existsSync(file) && statSync(file).size === sizeBytes, "the reserve");
  assert.ok(statSync(file).blocks * 512 >= sizeBytes, "it is a hole");
  while (reserve.giveUp());
  assert.deepEqual(changes, [6 * MIB, 2 * MIB, 0]);
  await reserve.close();
  close();
});
