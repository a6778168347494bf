import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { NODE_FILE_CALLS } from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { ChatloomError, type ErrorCode } from "../../../src/core/errors/errors.ts";
import type { JournalRun, JournalStore } from "../../../src/ports/journal_store.ts";
import { collect, someBytes } from "../../../src/testing/suites/suite.ts";
import { startJournalCounter } from "./journal_counter_child.ts";
import { startJournalWriter } from "./journal_writer_child.ts";
import { mountSmallDisk } from "../disk/small_disk.ts";
import { tempFolder } from "../disk/temp_folder.ts";
import { until } from "../../waiting/until.ts";

const CODE = (code: ErrorCode, message = /./) => (error: unknown) =>
  error instanceof ChatloomError && error.code === code && message.test(error.message);
const IS_LINUX = process.platform === "linux";

function open(t: TestContext): { root: string; journal: JournalStore; folder: string } {
  const { path, close } = tempFolder();
  t.after(close);
  return { root: path, journal: fileSystemJournal(path), folder: join(path, ".chatloom/journal") };
}

async function openRun(t: TestContext, journal: JournalStore): Promise<JournalRun> {
  const run = await journal.openRun("node");
  t.after(() => run.close().catch(() => {})); // Some tests break it.
  return run;
}

async function namesOf(journal: JournalStore): Promise<string[]> {
  return (await collect(journal.deadRuns())).map(({ name }) => name);
}

/** Makes a folder and all in it look untouched since then. */
function age(folder: string, minutes: number): void {
  const thenS = Date.now() / 1000 - minutes * 60;
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), thenS, thenS);
  utimesSync(folder, thenS, thenS);
}

/** A run's folder as another process might have left it, its owner's file changed by `change`. */
async function leftover(
  { journal, folder }: { journal: JournalStore; folder: string },
  change: (owner: Record<string, unknown>) => unknown,
): Promise<{ name: string; path: string; owner: string }> {
  const run = await journal.openRun("node");
  run.append(someBytes(10));
  await run.close();
  // Under a name that this process does not know for its own.
  const name = run.name.replace(/.....$/, "other");
  const path = join(folder, name);
  renameSync(join(folder, run.name), path);
  const fields = JSON.parse(readFileSync(join(path, "closed.json"), "utf8"));
  rmSync(join(path, "closed.json"));
  const owner = join(path, "owner.json");
  const changed = change(fields);
  if (changed !== undefined) writeFileSync(owner, JSON.stringify(changed));
  return { name, path, owner };
}

test("fileSystemJournal keeps runs beside the archive, where no channel can be", async (t) => {
  const { root, journal, folder } = open(t);
  const run = await openRun(t, journal);
  run.append(someBytes(10));
  assert.equal(run.rotate(), 2);
  const files = ["000001.log", "000002.log", "owner.json"];
  assert.deepEqual(readdirSync(join(folder, run.name)).sort(), files);
  assert.deepEqual(new Uint8Array(readFileSync(join(folder, run.name, files[0]!))), someBytes(10));
  await run.release(1);
  await run.close();
  assert.deepEqual(readdirSync(join(folder, run.name)).sort(), ["000002.log", "closed.json"]);
  const [dead] = await collect(journal.deadRuns());
  const where = await dead!.setAside(someBytes(33));
  await dead!.remove();
  assert.ok(where.startsWith(join(root, ".chatloom/aside/")));
  assert.deepEqual(new Uint8Array(readFileSync(where)), someBytes(33));
  assert.deepEqual(readdirSync(folder), []);
});

test("fileSystemJournal looks a process up: alive as long as it is, also when it is stopped", async (t) => {
  if (!IS_LINUX) return t.skip("processes are looked up in /proc, which is Linux's");
  const { root, journal, folder } = open(t);
  const child = startJournalWriter(root, [someBytes(100)]);
  t.after(child.kill);
  const name = await child.nextLine();
  age(join(folder, name), 60); // No sign of life for an hour: the process counts, not this.
  assert.deepEqual(await namesOf(journal), []);
  process.kill(child.process.pid!, "SIGSTOP");
  assert.deepEqual(await namesOf(journal), []);
  await child.kill();
  assert.deepEqual(await namesOf(journal), [name]);
});

test("fileSystemJournal loses nothing by kill -9 at random moments", async (t) => {
  const { root, journal } = open(t);
  for (let kill = 0; kill < 4; kill++) {
    const child = startJournalCounter(root);
    t.after(child.kill);
    const name = await child.nextLine();
    const untilMs = Date.now() + 30 + Math.random() * 200;
    let told = 0;
    do told = Number(await child.nextLine()); while (Date.now() < untilMs);
    await child.kill();
    const [dead, ...others] = await collect(journal.deadRuns());
    assert.equal(dead?.name, name);
    assert.equal(others.length, 0);
    let text = "";
    for await (const number of dead!.segments()) {
      for await (const bytes of dead!.read(number)) text += new TextDecoder().decode(bytes);
    }
    const lines = text.split("\n");
    lines.pop(); // What stands after the last line end, if anything, is torn.
    assert.ok(told > 0 && lines.length >= told, `${told} were appended, ${lines.length} are there`);
    for (const [n, line] of lines.entries()) assert.equal(line, String(n));
    await dead!.remove();
  }
});

test("fileSystemJournal tells a process from a later one with its number", async (t) => {
  if (!IS_LINUX) return t.skip("processes are looked up in /proc, which is Linux's");
  const opened = open(t);
  const { name, path } = await leftover(opened, (owner) => owner);
  assert.deepEqual(await namesOf(opened.journal), [], "this process is alive");
  const { owner } = { owner: JSON.parse(readFileSync(join(path, "owner.json"), "utf8")) };
  for (const change of [{ startTicks: "1" }, { pid: 2 ** 22 + 1 }]) {
    writeFileSync(join(path, "owner.json"), JSON.stringify({ ...owner, ...change }));
    assert.deepEqual(await namesOf(opened.journal), [name], JSON.stringify(change));
  }
});

const UNKNOWN: Record<string, (owner: Record<string, unknown>) => unknown> = {
  "of another machine": (owner) => ({ ...owner, host: "elsewhere", bootId: "another boot" }),
  "of another container": (owner) => ({ ...owner, pidNamespace: "pid:[1]" }),
  "of a system that tells nothing": (owner) => ({ ...owner, bootId: "", pidNamespace: "" }),
  "without an owner's file": () => undefined,
  "whose owner's file is empty": () => "",
  "whose owner's file holds nonsense": () => ({ pid: -1, host: [] }),
  "whose owner's file holds null": () => null,
};

for (const [whose, change] of Object.entries(UNKNOWN)) {
  test(`fileSystemJournal takes a run ${whose} for dead after two minutes without a sign`, async (t) => {
    const opened = open(t);
    const { name, path } = await leftover(opened, change);
    assert.deepEqual(await namesOf(opened.journal), []);
    age(path, 1.9);
    assert.deepEqual(await namesOf(opened.journal), []);
    age(path, 2.1);
    assert.deepEqual(await namesOf(opened.journal), [name]);
    const log = join(path, "000001.log");
    utimesSync(log, Date.now() / 1000, Date.now() / 1000);
    assert.deepEqual(await namesOf(opened.journal), [], "somebody appends");
    age(path, 3);
    const [dead] = await collect(opened.journal.deadRuns());
    await dead!.remove();
    assert.deepEqual(readdirSync(opened.folder), []);
  });
}

test("fileSystemJournal shows a sign of life again and again, and tells when it cannot", async (t) => {
  const { root, folder } = open(t);
  let [isBroken, beats] = [false, 0];
  const touch = (path: string) => {
    beats++;
    return isBroken ? Promise.reject(new Error("broken")) : NODE_FILE_CALLS.touch(path);
  };
  /** Waits for a beat that began after now and has ended: the one after it has begun. */
  const nextBeat = async () => {
    const wanted = beats + 2;
    await until(() => beats >= wanted, "two beats");
  };
  const journal = fileSystemJournal(root, {
    heartbeatMs: 10,
    calls: { ...NODE_FILE_CALLS, touch },
  });
  const run = await openRun(t, journal);
  const owner = join(folder, run.name, "owner.json");
  const text = readFileSync(owner, "utf8");
  utimesSync(owner, 0, 0);
  await until(() => statSync(owner).mtimeMs !== 0, "a sign of life");
  assert.ok(Math.abs(statSync(owner).mtimeMs - Date.now()) < 60_000);
  assert.equal(readFileSync(owner, "utf8"), text);
  await run.sync();
  isBroken = true;
  await nextBeat();
  await assert.rejects(run.sync(), CODE("JOURNAL_IO", /sign of life/));
  isBroken = false;
  await nextBeat();
  await run.sync();
});

test("fileSystemJournal tells a run that others removed it, at the next append and sync", async (t) => {
  if (process.platform === "win32") return t.skip("Windows removes no open file");
  const { journal, folder } = open(t);
  const taken = await openRun(t, journal);
  taken.append(someBytes(10));
  await taken.sync();
  rmSync(join(folder, taken.name), { recursive: true });
  assert.throws(() => taken.append(someBytes(10)), CODE("JOURNAL_LOST"));
  assert.throws(() => taken.rotate(), CODE("JOURNAL_LOST"));
  await assert.rejects(
    taken.sync(),
    CODE("JOURNAL_LOST", /another process took this one for dead/),
  );

  const deleted = await openRun(t, journal);
  rmSync(folder, { recursive: true });
  await assert.rejects(deleted.sync(), CODE("JOURNAL_LOST", /the folder of journals was deleted/));

  const moved = await openRun(t, journal);
  renameSync(join(folder, moved.name), join(folder, ".removed-x"));
  moved.append(someBytes(10)); // Its file still has a name, but not one that a recovery finds.
  await assert.rejects(moved.sync(), CODE("JOURNAL_LOST"));
});

test("fileSystemJournal removes no dead run whose process goes on after all", async (t) => {
  const { root, journal, folder } = open(t);
  const { name, path } = await leftover(
    { journal, folder },
    (owner) => ({ ...owner, pidNamespace: "elsewhere" }),
  );
  age(path, 3);
  const [dead] = await collect(fileSystemJournal(root).deadRuns());
  assert.equal(dead?.name, name);
  appendFileSync(join(path, "000001.log"), "thawed"); // While it is recovered.
  await dead.remove();
  assert.ok(existsSync(join(path, "000001.log")));
  age(path, 3);
  await dead.remove();
  assert.ok(!existsSync(path));
});

test("fileSystemJournal sweeps what crashed openings and removals left, once it is old", async (t) => {
  const { journal, folder } = open(t);
  await (await journal.openRun("node")).close();
  for (const name of [".new-node.aaaaa", ".removed-node.bbbbb-0123456789ab", ".mine", "notes.d"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "000001.log"), "left over");
  }
  assert.equal((await namesOf(journal)).length, 1);
  assert.equal(readdirSync(folder).length, 5);
  for (const name of readdirSync(folder)) age(join(folder, name), 61);
  assert.equal((await namesOf(journal)).length, 1);
  const rest = readdirSync(folder).filter((name) => !name.startsWith("node."));
  assert.deepEqual(rest.sort(), [".mine", "notes.d"]);
});

test("fileSystemJournal opens runs in many processes at once", async (t) => {
  const { root, journal } = open(t);
  const children = Array.from({ length: 3 }, () => startJournalWriter(root, [someBytes(9)]));
  for (const child of children) t.after(child.kill);
  const names = await Promise.all(children.map((child) => child.nextLine()));
  const own = await Promise.all([1, 2, 3, 4].map(() => openRun(t, journal)));
  assert.equal(new Set([...names, ...own.map(({ name }) => name)]).size, 7);
  assert.deepEqual(await namesOf(journal), []);
  await Promise.all(children.map((child) => child.kill()));
  assert.deepEqual((await namesOf(journal)).sort(), names.sort());
});

test("fileSystemJournal on a full disk takes back what it cannot append, and goes on", async (t) => {
  const mounted = mountSmallDisk(300);
  if ("reason" in mounted) return t.skip(mounted.reason);
  const { path, close } = mounted.disk;
  t.after(close);
  const ballast = join(path, "ballast");
  writeFileSync(ballast, new Uint8Array(100_000));
  const journal = fileSystemJournal(path);
  const run = await journal.openRun("node");
  const appended: number[] = [];
  const append = (n: number) => {
    run.append(someBytes(1500, n));
    appended.push(n);
  };
  assert.throws(
    () => {
      for (let n = 0; n < 1000; n++) append(n);
    },
    CODE("STORE_FULL", /no space is left/),
  );
  assert.throws(() => append(1000), CODE("STORE_FULL"));
  assert.throws(() => run.append(someBytes(500_000)), CODE("STORE_FULL"));
  await assert.rejects(journal.openRun("second"), CODE("STORE_FULL"));
  rmSync(ballast);
  append(1001);
  await run.sync();
  assert.equal(run.rotate(), 2);
  append(1002);
  await run.close();
  const [dead] = await collect(journal.deadRuns());
  const pieces = [...await collect(dead!.read(1)), ...await collect(dead!.read(2))];
  const wanted = appended.flatMap((n) => [...someBytes(1500, n)]);
  assert.ok(appended.length > 50);
  assert.equal(pieces.flatMap((piece) => [...piece]).join(), wanted.join());
  assert.deepEqual(readdirSync(join(path, ".chatloom/journal")), [run.name]);
  assert.ok(existsSync(join(path, ".chatloom/journal", run.name, "closed.json")));
});

test("fileSystemJournal on a read-only disk says so", async (t) => {
  const mounted = mountSmallDisk(300);
  if ("reason" in mounted) return t.skip(mounted.reason);
  t.after(mounted.disk.close);
  const journal = fileSystemJournal(mounted.disk.path);
  assert.deepEqual(await namesOf(journal), []);
  await (await journal.openRun("node")).close();
  mounted.disk.makeReadOnly();
  await assert.rejects(fileSystemJournal(mounted.disk.path).openRun("node"), CODE("STORE_DENIED"));
  const [dead] = await collect(journal.deadRuns());
  assert.deepEqual(await collect(dead!.segments()), [1]);
  await assert.rejects(dead!.remove(), CODE("STORE_DENIED"));
  await assert.rejects(dead!.setAside(someBytes(3)), CODE("STORE_DENIED"));
});
