import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import type { JournalEntry } from "../../../src/engine/journal/entry.ts";
import type { JournalRun } from "../../../src/ports/journal_store.ts";
import { collect } from "../../../src/testing/suites/suite.ts";

const CHECKPOINT = { run: "node.00001", serverClock: undefined, connections: [] };

function lineOf(text: string): readonly JournalEntry[] {
  return [{ kind: "line", n: 0, moment: { receivedUs: 1_000_000, elapsedUs: 0 }, line: text }];
}

/** A writer on a run in memory, calls of which fail while they are told to. */
async function writerOn() {
  const store = memoryJournal();
  const inner = await store.openRun("node");
  const failing = new Set<"append" | "sync" | "rotate" | "release">();
  const calls: string[] = [];
  const fail = (call: "append" | "sync" | "rotate" | "release", shown: string = call) => {
    calls.push(shown);
    if (failing.has(call)) throw new ChatloomError("STORE_FULL", `Cannot ${call}`);
  };
  const run: JournalRun = {
    name: inner.name,
    get segment() {
      return inner.segment;
    },
    append: (bytes) => (fail("append"), inner.append(bytes)),
    sync: async () => (fail("sync"), await inner.sync()),
    rotate: () => (fail("rotate"), inner.rotate()),
    read: (number) => inner.read!(number),
    release: async (number) => (fail("release", `release ${number}`), await inner.release(number)),
    close: () => inner.close(),
  };
  const reports: string[] = [];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity} ${message}`),
    count: (name: string, _labels?: object, amount = 1) =>
      void counts.set(name, (counts.get(name) ?? 0) + amount),
  };
  const counts = new Map<string, number>();
  const writer = new JournalWriter(run, { store, reporter });
  const textOf = async (number: number) => {
    const pieces = await collect(inner.read!(number));
    return pieces.map((piece) => new TextDecoder().decode(piece)).join("");
  };
  return { writer, failing, calls, reports, counts, textOf, store, inner };
}

test("JournalWriter neither rotates nor releases while something waits in memory", async () => {
  const { writer, failing, calls, textOf } = await writerOn();
  writer.begin(CHECKPOINT);
  writer.write(lineOf(":a PRIVMSG #c :first"));
  assert.ok(writer.rotate(CHECKPOINT));
  failing.add("append");
  writer.write(lineOf(":a PRIVMSG #c :waits"));
  assert.ok(writer.backlogBytes > 0);
  calls.length = 0;
  // Behind a new segment's checkpoint the line would be read as later than it came.
  assert.equal(writer.rotate(CHECKPOINT), false);
  await writer.releaseBefore(2);
  assert.deepEqual(calls, []);
  assert.equal(writer.canReadSince(1), false);

  failing.clear();
  await writer.sync();
  assert.equal(writer.backlogBytes, 0);
  assert.ok(writer.canReadSince(1));
  assert.ok(writer.rotate(CHECKPOINT));
  writer.write(lineOf(":a PRIVMSG #c :later"));
  await writer.releaseBefore(2);
  assert.deepEqual(calls.filter((call) => !["append", "sync"].includes(call)), [
    "rotate",
    "release 1",
  ]);
  assert.match(await textOf(2), /^# chatloom[^\n]*\n[^\n]*waits\n$/);
  assert.match(await textOf(3), /^# chatloom[^\n]*\n[^\n]*later\n$/);
});

test("JournalWriter tells once of a disk that takes lines and never flushes them", async () => {
  const { writer, failing, reports } = await writerOn();
  failing.add("sync");
  for (let second = 0; second < 120; second++) {
    writer.write(lineOf(`:a PRIVMSG #c :${second}`));
    await writer.sync();
  }
  assert.deepEqual(reports, [
    "error The journal cannot be flushed: a power cut may lose its last lines",
  ]);
  failing.clear();
  for (let second = 0; second < 10; second++) await writer.sync();
  assert.deepEqual(reports.slice(1), ["info The journal can be written again"]);
});

test("JournalWriter tells once of a disk that works every second time", async () => {
  const { writer, failing, reports } = await writerOn();
  for (let second = 0; second < 120; second++) {
    if (second % 2 === 0) failing.add("sync");
    else failing.clear();
    writer.write(lineOf(`:a PRIVMSG #c :${second}`));
    await writer.sync();
  }
  assert.equal(reports.length, 1, reports.join("; "));
});

test("JournalWriter tells when what could not be flushed cannot be written either", async () => {
  const { writer, failing, reports } = await writerOn();
  failing.add("sync");
  await writer.sync();
  failing.add("append");
  for (let second = 0; second < 5; second++) {
    writer.write(lineOf(`:a PRIVMSG #c :${second}`));
    await writer.sync();
  }
  failing.clear();
  await writer.sync();
  await writer.close();
  assert.deepEqual(reports, [
    "error The journal cannot be flushed: a power cut may lose its last lines",
    "error The journal cannot be written: lines are kept in memory",
    "info The journal can be written again",
  ]);
});

const LINE_BYTES = new TextEncoder().encode("1.0 0.0 0 \n").length;

test("JournalWriter counts the bytes of a segment beyond those that it began with", async () => {
  const { writer, failing } = await writerOn();
  writer.begin(CHECKPOINT);
  assert.equal(writer.segmentBytes, 0);
  writer.write(lineOf("one"));
  assert.equal(writer.segmentBytes, LINE_BYTES + 3);
  failing.add("append");
  writer.write(lineOf("waits"));
  assert.deepEqual([writer.segmentBytes, writer.backlogBytes], [LINE_BYTES + 3, LINE_BYTES + 5]);
  failing.clear();
  writer.write(lineOf("two"));
  assert.deepEqual([writer.segmentBytes, writer.backlogBytes], [3 * LINE_BYTES + 11, 0]);
  assert.ok(writer.rotate(CHECKPOINT));
  assert.deepEqual([writer.segmentBytes, writer.segment], [0, 2]);
  failing.add("rotate");
  writer.write(lineOf("one"));
  assert.equal(writer.rotate(CHECKPOINT), false);
  assert.deepEqual([writer.segmentBytes, writer.segment], [LINE_BYTES + 3, 2]);
});

test("JournalWriter keeps 64 MiB in memory, and tells once of what it has to drop", async () => {
  const { writer, failing, reports, counts, textOf } = await writerOn();
  writer.begin(CHECKPOINT);
  failing.add("append");
  const mebibyte = lineOf("x".repeat(1_048_576 - LINE_BYTES));
  for (let i = 0; i < 64; i++) writer.write(mebibyte);
  assert.equal(writer.backlogBytes, 64 * 1_048_576);
  assert.equal(counts.get("journal_bytes_lost"), undefined);
  assert.ok(!writer.canReadSince(1));
  for (let i = 0; i < 2; i++) writer.write(lineOf("lost"));
  const gap = "error The journal has no room in memory either: it has a gap now";
  assert.equal(reports.filter((report) => report === gap).length, 1);
  assert.equal(counts.get("journal_bytes_lost"), 2 * (LINE_BYTES + 4));
  failing.clear();
  await writer.sync();
  assert.equal(writer.backlogBytes, 0);
  assert.ok(!writer.canReadSince(1), "something is missing in it");
  assert.ok(!(await textOf(1)).includes("lost"));
  assert.ok(writer.rotate(CHECKPOINT));
  assert.deepEqual([writer.canReadSince(1), writer.canReadSince(2)], [false, true]);
  failing.add("append");
  for (let i = 0; i < 65; i++) writer.write(mebibyte);
  assert.equal(reports.filter((report) => report === gap).length, 2, "the next gap is news");
});

test("JournalWriter.releaseBefore lets go of each segment once, never of the one in use", async () => {
  const { writer, failing, calls, reports } = await writerOn();
  writer.begin(CHECKPOINT);
  for (let i = 0; i < 3; i++) writer.rotate(CHECKPOINT);
  const released = async (before: number): Promise<string[]> => {
    calls.length = 0;
    await writer.releaseBefore(before);
    return [...calls];
  };
  assert.deepEqual(await released(1), []);
  assert.deepEqual(await released(3), ["release 1", "release 2"]);
  assert.deepEqual(await released(3), []);
  failing.add("release");
  assert.deepEqual(await released(99), ["release 3"]);
  assert.match(reports.join(), /^warning Cannot delete a journal segment/);
  assert.deepEqual(await released(99), []);
});

test("JournalWriter.close tells of what the disk never took", async () => {
  const { writer, failing, reports, counts } = await writerOn();
  failing.add("append");
  writer.write(lineOf("lost"));
  await writer.close();
  assert.ok(reports.includes("error The journal ends without entries that its disk did not take"));
  assert.equal(counts.get("journal_bytes_lost"), LINE_BYTES + 4);
  const well = await writerOn();
  well.writer.write(lineOf("kept"));
  await well.writer.close();
  assert.deepEqual([well.reports, well.counts.size], [[], 0]);
});

test("JournalWriter.forget removes its own run, and no other", async () => {
  const { writer, store } = await writerOn();
  const other = await store.openRun("node");
  await other.close();
  await writer.close();
  await writer.forget();
  const left = await collect(store.deadRuns());
  assert.deepEqual(left.map(({ name }) => name), [other.name]);
});

/** A writer whose run another process has removed. */
async function lostWriter() {
  const world = await writerOn();
  world.writer.begin(CHECKPOINT);
  world.store.takeForDead(world.inner.name);
  for await (const dead of world.store.deadRuns()) await dead.remove();
  world.writer.write(lineOf("dropped"));
  return world;
}

test("JournalWriter takes nothing more once its run was taken away", async () => {
  const { writer, calls, reports } = await lostWriter();
  assert.deepEqual([writer.isLost, writer.backlogBytes, writer.canReadSince(1)], [true, 0, false]);
  calls.length = 0;
  writer.write(lineOf("dropped"));
  await writer.sync();
  await writer.releaseBefore(99);
  assert.equal(writer.rotate(CHECKPOINT), false);
  assert.deepEqual([calls, reports], [[], []]);
  await writer.close();
});

test("JournalWriter.renew begins another run with what is not stored, synced when it resolves", async () => {
  const { writer, store, reports, counts, inner } = await lostWriter();
  const content = [[{ kind: "checkpoint", checkpoint: CHECKPOINT }], lineOf("kept")] as const;
  assert.equal(await writer.renew(() => content), true);
  assert.deepEqual([writer.isLost, writer.segment, writer.segmentBytes], [false, 1, 0]);
  assert.equal(writer.name, inner.name, "receivers keep their names");
  assert.equal(counts.get("journal_renewals"), 1);
  assert.deepEqual(reports, [
    "error The journal was lost: a new one holds all that is not stored",
  ]);
  writer.write(lineOf("later"));
  assert.equal(writer.segmentBytes, LINE_BYTES + 5);
  // A power cut leaves what was there when it resolved.
  store.crash({ powerCut: { next: () => 0.999_999 } });
  const [run] = await collect(store.deadRuns());
  const pieces = await collect(run!.read(1));
  const text = pieces.map((piece) => new TextDecoder().decode(piece)).join("");
  assert.match(text, /^# chatloom[^\n]*\n[^\n]*kept\n$/);
});

test("JournalWriter.renew leaves no half run behind when it cannot be begun", async () => {
  const { writer, store, reports } = await lostWriter();
  const full = function* () {
    yield lineOf("half");
    throw new ChatloomError("STORE_FULL", "Cannot append");
  };
  assert.equal(await writer.renew(full), false);
  assert.ok(writer.isLost);
  assert.deepEqual(await collect(store.deadRuns()), []);
  assert.equal(reports.length, 1);
  assert.match(reports[0]!, /cannot be renewed/);
  const broken = function* () {
    yield lineOf("half");
    throw new TypeError("broken");
  };
  await assert.rejects(writer.renew(broken), TypeError);
  assert.equal(await writer.renew(() => []), true);
});
