import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../src/adapters/memory/memory_journal.ts";
import { ChatloomError } from "../../src/core/errors/errors.ts";
import { JournalWriter } from "../../src/engine/journal/journal_writer.ts";
import type { JournalEntry } from "../../src/engine/journal/entry.ts";
import type { JournalRun } from "../../src/ports/journal_store.ts";
import { collect } from "../../src/testing/suites/suite.ts";

const CHECKPOINT = { run: "node.00001", serverClock: undefined, connections: [] };

function lineOf(text: string): readonly JournalEntry[] {
  return [{ kind: "line", n: 0, moment: { receivedUs: 1_000_000, elapsedUs: 0 }, line: text }];
}

/** A writer on a run in memory, calls of which fail while they are told to. */
async function writerOn() {
  const store = memoryJournal();
  const inner = await store.openRun("node");
  const failing = new Set<"append" | "sync">();
  const calls: string[] = [];
  const fail = (call: "append" | "sync") => {
    calls.push(call);
    if (failing.has(call)) throw new ChatloomError("STORE_FULL", `Cannot ${call}`);
  };
  const run: JournalRun = {
    name: inner.name,
    get segment() {
      return inner.segment;
    },
    append: (bytes) => (fail("append"), inner.append(bytes)),
    sync: async () => (fail("sync"), await inner.sync()),
    rotate: () => (calls.push("rotate"), inner.rotate()),
    read: (number) => inner.read!(number),
    release: async (number) => (calls.push(`release ${number}`), await inner.release(number)),
    close: () => inner.close(),
  };
  const reports: string[] = [];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity} ${message}`),
    count: () => {},
  };
  const writer = new JournalWriter(run, { store, reporter });
  const textOf = async (number: number) => {
    const pieces = await collect(inner.read!(number));
    return pieces.map((piece) => new TextDecoder().decode(piece)).join("");
  };
  return { writer, failing, calls, reports, textOf };
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
