import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type FileCalls,
  NODE_FILE_CALLS,
} from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { ChatloomError, type ErrorCode } from "../../../src/core/errors/errors.ts";
import type { JournalRun } from "../../../src/ports/journal_store.ts";
import { collect, someBytes } from "../../../src/testing/suites/suite.ts";
import { faultyFileCalls } from "../disk/faulty_file_calls.ts";
import { forgetfulDisk } from "../disk/forgetful_file_calls.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const CODES: Record<string, ErrorCode> = {
  ENOSPC: "STORE_FULL",
  EIO: "JOURNAL_IO",
};

/** What a writer was told that is safe: bytes by segment. */
class Witness {
  readonly segments = new Map<number, string>([[1, ""]]);
  readonly errors: unknown[] = [];
  run: JournalRun | undefined;

  async attempt(work: () => unknown): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.errors.push(error);
      return false;
    }
  }

  append(n: number): void {
    this.run!.append(someBytes(1000, n));
    const number = this.run!.segment;
    this.segments.set(
      number,
      (this.segments.get(number) ?? "") + [...someBytes(1000, n)].join() + ";",
    );
  }

  rotate(): void {
    this.segments.set(this.run!.rotate(), "");
  }

  async release(number: number): Promise<void> {
    await this.run!.release(number);
    this.segments.delete(number);
  }
}

/** What a recorder does in an hour, in short; each call again if it fails. */
async function live(root: string, calls: FileCalls): Promise<Witness> {
  const witness = new Witness();
  const steps: (() => unknown)[] = [
    async () => witness.run = await fileSystemJournal(root, { calls }).openRun("node"),
    () => witness.append(1),
    () => witness.append(2),
    () => witness.run!.sync(),
    () => witness.rotate(),
    () => witness.append(3),
    () => witness.run!.sync(),
    () => witness.release(1),
    () => witness.run!.sync(),
    () => witness.rotate(),
    () => witness.append(4),
    () => witness.run!.close(),
  ];
  for (const step of steps) {
    if (!(await witness.attempt(step))) await witness.attempt(step);
  }
  return witness;
}

/** The segments on disk, in the form that a witness has. */
function segmentsOn(root: string, name: string): Map<number, string> {
  const folder = join(root, ".chatloom/journal", name);
  const segments = new Map<number, string>();
  for (const file of readdirSync(folder).filter((file) => file.endsWith(".log")).sort()) {
    const bytes = readFileSync(join(folder, file));
    let text = "";
    for (let at = 0; at < bytes.length; at += 1000) {
      text += [...bytes.subarray(at, at + 1000)].join() + ";";
    }
    segments.set(parseInt(file), text);
  }
  return segments;
}

for (const [errno, code] of Object.entries(CODES)) {
  test(`fileSystemJournal has all that it took and nothing else, whichever call fails with ${errno}`, async () => {
    for (let failAt = 1, isThrough = false; !isThrough; failAt++) {
      const { path, close } = tempFolder();
      const fault = { failAt, errno, writeMaxBytes: 400 };
      const { calls, log } = faultyFileCalls(NODE_FILE_CALLS, fault);
      const { run, segments, errors } = await live(path, calls);
      const where = `call ${failAt}, ${log[failAt - 1]}`;
      isThrough = log.length < failAt;
      for (const error of errors) {
        // Closing twice is fine, so a close that failed has no second error.
        assert.ok(error instanceof ChatloomError, `${where}: ${error}`);
      }
      const first = errors[0] as ChatloomError | undefined;
      if (first !== undefined) assert.equal(first.code, code, `${where}: ${first.message}`);
      assert.deepEqual(segmentsOn(path, run!.name), segments, where);
      const dead = await collect(fileSystemJournal(path).deadRuns());
      assert.ok(dead.length <= 1 && dead.every(({ name }) => name === run!.name), where);
      assert.ok(readdirSync(join(path, ".chatloom/journal")).length === 1, `${where}: leftovers`);
      assert.ok(failAt < 200, "no run gets through");
      if (isThrough) assert.ok(failAt > 30 && errors.length === 0 && dead.length === 1);
      close();
    }
  });
}

test("fileSystemJournal has all that it took, whichever call its process dies in", async () => {
  for (let failAt = 1, isThrough = false; !isThrough; failAt++) {
    const { path, close } = tempFolder();
    const fault = { failAt, errno: "EIO", isCrash: true, writeMaxBytes: 400 };
    const { calls, log } = faultyFileCalls(NODE_FILE_CALLS, fault);
    const { run, segments } = await live(path, calls);
    isThrough = log.length < failAt;
    if (run !== undefined) {
      for (const [number, text] of segmentsOn(path, run.name)) {
        const wanted = segments.get(number) ?? "";
        // A piece that was being written when it died may be there in part, at the end.
        assert.ok(text.startsWith(wanted), `call ${failAt}: segment ${number}`);
        assert.ok(text.split(";").length <= wanted.split(";").length + 1);
      }
    }
    close();
  }
});

test("fileSystemJournal tells of a segment that the disk refused, until it is released", async () => {
  const { path, close } = tempFolder();
  let isBroken = false;
  const createGrowing: FileCalls["createGrowing"] = (name) => {
    const file = NODE_FILE_CALLS.createGrowing(name);
    return { ...file, sync: () => isBroken ? Promise.reject(new Error("bad disk")) : file.sync() };
  };
  const journal = fileSystemJournal(path, { calls: { ...NODE_FILE_CALLS, createGrowing } });
  const run = await journal.openRun("node");
  run.append(someBytes(10));
  isBroken = true;
  await assert.rejects(run.sync(), /bad disk/);
  isBroken = false;
  await assert.rejects(run.sync(), /segment 1 .*power cut may lose it/);
  run.append(someBytes(10));
  run.rotate();
  await assert.rejects(run.sync(), /segment 1 /);
  await run.release(1);
  await run.sync();
  await run.close();
  close();
});

test("fileSystemJournal keeps what it synced when the power is cut at any step", async () => {
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
    const synced = new Map<number, number>();
    let run: JournalRun | undefined;
    try {
      run = await fileSystemJournal("/a/archive", { calls: disk.calls }).openRun("node");
      const appended = new Map<number, number>();
      for (let n = 0; n < 6; n++) {
        run.append(someBytes(100, n));
        appended.set(run.segment, (appended.get(run.segment) ?? 0) + 100);
        const sizes = [...appended];
        if (n % 3 !== 0) await run.sync();
        if (n % 3 !== 0) { for (const [number, size] of sizes) synced.set(number, size); }
        if (n % 2 === 0) run.rotate();
        if (n === 4) {
          synced.delete(1);
          appended.delete(1);
          await run.release(1);
        }
      }
    } catch {
      // The power is cut.
    }
    disk.onStep = undefined;
    await run?.close().catch(() => {}); // Only to end its heartbeat: the disk below is what counts.
    disk.cutPower();
    for (const [number, size] of synced) {
      const file = `/a/archive/.chatloom/journal/${run!.name}/00000${number}.log`;
      const found = await disk.calls.stat(file).catch(() => undefined);
      assert.ok((found?.sizeBytes ?? 0) >= size, `cut at step ${cutAt}: segment ${number}`);
    }
    if (synced.size > 0) {
      await disk.calls.stat(`/a/archive/.chatloom/journal/${run!.name}/owner.json`);
    }
  }
  assert.ok(steps > 30, "hardly any step was taken");
});
