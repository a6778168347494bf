import assert from "node:assert/strict";
import { test } from "node:test";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { fileSystemJournalReader } from "../../../src/adapters/file_system/journal/journal_reader.ts";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { formatEntry, type JournalEntry } from "../../../src/engine/journal/entry.ts";
import { JournalFollower } from "../../../src/engine/live/journal_follower.ts";
import type { JournalReader, JournalRun, JournalStore } from "../../../src/ports/journal_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const UTF8 = new TextEncoder();
const BASE_US = 1_785_585_600_000_000;

const CHECKPOINT: JournalEntry = {
  kind: "checkpoint",
  checkpoint: { run: "node.AbCdE", serverClock: undefined, connections: [] },
};

function lineEntry(n: number): JournalEntry {
  const receivedUs = BASE_US + n * 1_000_000;
  const tags = `@id=${n};tmi-sent-ts=${receivedUs / 1_000 - 100}`;
  const line = `${tags} :a!a@a PRIVMSG #forsen :message ${n}`;
  return { kind: "line", n: 1, moment: { receivedUs, elapsedUs: n * 1_000_000 }, line };
}

function bytesOf(...entries: readonly JournalEntry[]): Uint8Array {
  return UTF8.encode(entries.map(formatEntry).join(""));
}

interface Place {
  readonly journals: JournalStore;
  readonly reader: JournalReader;
  /** Ends the process that writes the run. */
  end(run: JournalRun): Promise<void>;
}

const PLACES: Record<string, () => Promise<Place>> = {
  memory: async () => {
    const journals = memoryJournal();
    return await Promise.resolve({ journals, reader: journals, end: (run) => run.close() });
  },
  "a file system": async () => {
    const folder = (await tempFolder()).path;
    const journals = fileSystemJournal(folder, { reserveBytes: 0 });
    return { journals, reader: fileSystemJournalReader(folder), end: (run) => run.close() };
  },
};

function followerOf(reader: JournalReader) {
  const told: string[] = [];
  const clock = virtualClock();
  let interrupts = 0;
  const follower = new JournalFollower({
    ...{ journals: reader, clock, reporter: noopReporter },
    feed: {
      publish: ({ content }) => void told.push(/message \d+/.exec(JSON.stringify(content()))![0]),
      interrupt: () => interrupts++,
    },
  });
  const unstored = () =>
    [...follower.minutesOf("forsen")].map((minute) => {
      const bytes = minute.snapshot() as Uint8Array;
      return new TextDecoder().decode(bytes).trimEnd().split("\n").length;
    });
  return { follower, told, clock, unstored, interrupts: () => interrupts };
}

for (const [name, open] of Object.entries(PLACES)) {
  test(`JournalFollower in ${name} reads whole lines, once, as they are appended`, async () => {
    const { journals, reader, end } = await open();
    const run = await journals.openRun("node");
    const { follower, told, unstored, interrupts } = followerOf(reader);
    run.append(bytesOf(CHECKPOINT, lineEntry(1)));
    await follower.poll();
    assert.deepEqual(told, ["message 1"]);
    const next = bytesOf(lineEntry(2), lineEntry(3));
    run.append(next.subarray(0, 70));
    await follower.poll();
    run.append(next.subarray(70));
    await follower.poll();
    await follower.poll();
    assert.deepEqual(told, ["message 1", "message 2", "message 3"]);
    assert.deepEqual(unstored(), [3]);
    assert.equal(interrupts(), 0);
    await end(run);
  });

  test(`JournalFollower in ${name} goes on over segments, and forgets what is stored`, async () => {
    const { journals, reader, end } = await open();
    const run = await journals.openRun("node");
    const { follower, told, unstored, interrupts } = followerOf(reader);
    run.append(bytesOf(CHECKPOINT, lineEntry(1)));
    await follower.poll();
    run.append(bytesOf(lineEntry(2)));
    run.rotate();
    run.append(bytesOf(CHECKPOINT, lineEntry(61)));
    await follower.poll();
    assert.deepEqual(told, ["message 1", "message 2", "message 61"]);
    const minuteUs = BASE_US;
    run.append(bytesOf({ kind: "batch", id: 0, channel: "forsen", minuteUs }));
    await follower.poll();
    assert.deepEqual(unstored().sort(), [1, 2]);
    run.append(bytesOf({ kind: "stored", id: 0 }));
    await run.release(1);
    await follower.poll();
    assert.deepEqual(unstored(), [1]);
    assert.equal(interrupts(), 0, "all of it was read");
    await end(run);
  });

  test(`JournalFollower in ${name} sends clients to the archive when entries go unread`, async () => {
    const { journals, reader, end } = await open();
    const run = await journals.openRun("node");
    const { follower, told, clock, unstored, interrupts } = followerOf(reader);
    run.append(bytesOf(CHECKPOINT, lineEntry(1)));
    await follower.poll();
    // A segment that was never read is released.
    run.rotate();
    run.append(bytesOf(CHECKPOINT, lineEntry(2)));
    run.rotate();
    run.append(bytesOf(CHECKPOINT, lineEntry(3)));
    await run.release(1);
    await run.release(2);
    await follower.poll();
    assert.deepEqual(told, ["message 1", "message 3"]);
    assert.equal(interrupts(), 1);
    // The process dies, and another one recovers what it left before it was read.
    run.append(bytesOf(lineEntry(4)));
    await end(run);
    for await (const dead of journals.deadRuns()) await dead.remove();
    await follower.poll();
    assert.equal(interrupts(), 2);
    assert.deepEqual(unstored(), [1], "readers find it until its files are surely listed");
    await clock.advance(61_000);
    await follower.poll();
    assert.deepEqual(unstored(), []);
  });
}
