import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { BatchWriter } from "../../../src/engine/record/batch_writer.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const START_US = 1_785_587_640 * SECOND_US;

/** A writer to a store that fails while it is told to, all of it or for one channel. */
async function world() {
  const clock = virtualClock();
  const startUs = clock.elapsedUs();
  const journals = memoryJournal();
  const run = await journals.openRun("n");
  const journal = new JournalWriter(run, { store: journals, reporter: noopReporter });
  const store = memoryStore();
  const put = store.put.bind(store);
  const triedS: number[] = [];
  let failing: "all" | "none" | string = "none";
  store.put = (key, ...rest) => {
    triedS.push((clock.elapsedUs() - startUs) / 1e6);
    const fails = failing === "all" || key.startsWith(`${failing}/`);
    return fails ? Promise.reject(new ChatloomError("STORE_FULL", "Cannot")) : put(key, ...rest);
  };
  const reports: string[] = [];
  let errors = 0;
  const reporter = {
    report: (severity: string, text: string) =>
      void reports.push(`${severity} ${text.slice(0, 29)}`),
    count: (name: string) => void (errors += Number(name === "store_errors")),
  };
  const stored: number[] = [];
  const onStored = ({ id }: { readonly id: number }) => void stored.push(id);
  const writer = new BatchWriter({ store, hasher, clock, reporter, journal, onStored });
  const recording = new Recording({ run: "n.00001", reporter: noopReporter, isMidway: true });
  let count = 0;
  let atUs = 0;
  const add = (channel = "c", lineCount = 1): void => {
    count++;
    for (let i = 0; i < lineCount; i++) {
      atUs += 1_000;
      const text = lineCount === 1 ? "hi" : "high ".repeat(80);
      const line = `@id=${atUs};tmi-sent-ts=${
        START_US / 1_000
      } :u!u@u PRIVMSG #${channel} :${text}`;
      recording.line(1, { receivedUs: START_US + atUs, elapsedUs: atUs }, line);
    }
    writer.add(count, recording.closeBatch(channel, START_US)!);
  };
  const segment = (number: number): void => void (recording.segment = number);
  const stop = new AbortController();
  const running = writer.run(stop.signal);
  running.catch(() => {}); // Awaited where it matters.
  const fail = (what: typeof failing): void => void (failing = what);
  const told = { stored, triedS, reports, errors: () => errors };
  return { clock, writer, store, ...told, add, segment, fail, stop, running };
}

const FAILS = "error The archive cannot be written";
const WORKS = "info The archive can be written ag";

test("BatchWriter stores batches as they come, oldest first", async () => {
  const { clock, writer, stored, add, stop, running } = await world();
  for (let i = 0; i < 3; i++) add();
  assert.deepEqual([writer.pendingCount, writer.waiting.map(({ id }) => id)], [3, [1, 2, 3]]);
  assert.ok(writer.waitingBytes > 0);
  await clock.advance(1);
  assert.deepEqual([stored, writer.pendingCount, writer.waitingBytes], [[1, 2, 3], 0, 0]);
  assert.equal(writer.oldestSegment, Infinity);
  stop.abort();
  await running;
});

test("BatchWriter tries again after 1, 2, 4 and more seconds, up to thirty, and tells once", async () => {
  const { clock, stored, triedS, reports, errors, add, fail, stop, running } = await world();
  fail("all");
  add();
  await clock.advance(130_000);
  assert.deepEqual(triedS, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
  assert.equal(errors(), 9);
  assert.deepEqual(reports, [FAILS]);
  fail("none");
  add();
  await clock.advance(30_000);
  assert.deepEqual(stored.toSorted(), [1, 2]);
  assert.deepEqual(reports, [FAILS, WORKS]);
  fail("all");
  add();
  await clock.advance(1_500);
  assert.deepEqual(reports, [FAILS, WORKS, FAILS], "failing once more is news");
  assert.deepEqual(triedS.slice(-2).map((atS) => atS - triedS.at(-2)!), [0, 1], "and begins anew");
  fail("none");
  stop.abort();
  await running;
});

test("BatchWriter lets a batch that is refused wait, and the others pass", async () => {
  const { clock, writer, stored, add, fail, stop, running, reports } = await world();
  fail("denied");
  add("denied");
  for (let i = 0; i < 3; i++) add();
  await clock.advance(100);
  assert.deepEqual(stored, [2, 3, 4]);
  assert.deepEqual(writer.waiting.map(({ id }) => id), [1]);
  assert.deepEqual(reports, [FAILS]);
  fail("none");
  await clock.advance(30_000);
  assert.deepEqual([stored, reports.at(-1)], [[2, 3, 4, 1], WORKS]);
  stop.abort();
  await running;
});

test("BatchWriter tries all that is left once more when it ends, and rejects with the first failure", async () => {
  const { clock, stored, triedS, add, fail, stop, running, writer } = await world();
  fail("denied");
  add("denied");
  await clock.advance(100);
  triedS.length = 0;
  add();
  stop.abort();
  await assert.rejects(clock.run(running), { code: "STORE_FULL" });
  assert.equal(triedS.length, 2);
  assert.deepEqual([stored, writer.pendingCount], [[2], 1]);
  assert.equal(clock.sleeperCount, 0);
});

/** The same store, where each call of `put` takes until the test lets it end; the keys in order. */
function slowStore(
  inner: BatchStore,
): { readonly puts: { key: string; end(error?: Error): void }[] } {
  const puts: { key: string; end(error?: Error): void }[] = [];
  const put = inner.put.bind(inner);
  inner.put = (key, ...rest) =>
    new Promise((resolve, reject) => {
      let hasEnded = false;
      const end = (error?: Error) => {
        if (hasEnded) return;
        hasEnded = true;
        if (error) reject(error);
        else resolve(put(key, ...rest));
      };
      puts.push({ key, end });
    });
  return { puts };
}

test("BatchWriter stores sixteen batches at a time, and another as soon as one ends", async () => {
  const { clock, writer, store, stored, add, stop, running } = await world();
  const { puts } = slowStore(store);
  for (let i = 0; i < 40; i++) add(`c${i}`);
  await clock.advance(1);
  assert.equal(puts.length, 16);
  assert.deepEqual(puts.map(({ key }) => key.split("/")[0]), puts.map((_, i) => `c${i}`));
  puts[7]!.end();
  await clock.advance(1);
  assert.deepEqual([stored, puts.length, writer.pendingCount], [[8], 17, 39]);
  assert.equal(writer.waiting[0]!.id, 1, "what is being stored still waits");
  for (let i = 0; i < puts.length; i++) {
    puts[i]!.end();
    await clock.advance(1);
  }
  assert.deepEqual([stored.length, writer.pendingCount, writer.waitingBytes], [40, 0, 0]);
  stop.abort();
  await running;
});

test("BatchWriter keeps the journal from the oldest batch on that is not stored, in any order", async () => {
  const { clock, writer, store, add, segment, stop, running } = await world();
  const { puts } = slowStore(store);
  for (let i = 0; i < 5; i++) {
    segment(i + 1);
    add(`c${i}`);
  }
  await clock.advance(1);
  const oldest: number[] = [];
  for (const i of [3, 0, 4, 2, 1]) {
    oldest.push(writer.oldestSegment);
    puts[i]!.end();
    await clock.advance(1);
  }
  assert.deepEqual([...oldest, writer.oldestSegment], [1, 1, 2, 2, 2, Infinity]);
  stop.abort();
  await running;
});

test("BatchWriter that ends waits for what it is storing, and tries what failed once more", async () => {
  const { clock, store, stored, add, stop, running } = await world();
  const { puts } = slowStore(store);
  for (let i = 0; i < 20; i++) add(`c${i}`);
  await clock.advance(1);
  stop.abort();
  puts[2]!.end(new ChatloomError("STORE_FULL", "Cannot"));
  for (let i = 0; i < 16; i++) if (i !== 2) puts[i]!.end();
  await clock.advance(1);
  assert.equal(puts.length, 21, "four that were never tried, and the one that failed");
  for (const { end } of puts.slice(16)) end();
  await clock.run(running);
  assert.deepEqual(stored.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
});

test("BatchWriter catches up at full width once the store works again", async () => {
  const { clock, writer, store, stored, add, fail, stop, running } = await world();
  fail("all");
  for (let i = 0; i < 100; i++) add(`c${i}`);
  await clock.advance(100);
  fail("none");
  const { puts } = slowStore(store);
  await clock.advance(30_000);
  assert.ok(puts.length > 0);
  puts[0]!.end();
  await clock.advance(1);
  for (let i = 1; i < 100; i += 16) {
    assert.ok(puts.length >= Math.min(100, i + 15), `${puts.length} begun after ${i}`);
    for (const { end } of puts.slice(i, i + 16)) end();
    await clock.advance(1);
  }
  assert.deepEqual([stored.length, writer.pendingCount], [100, 0]);
  stop.abort();
  await running;
});

test("BatchWriter bounds the bytes of what it stores at a time", async () => {
  const { clock, store, add, stop, running } = await world();
  const { puts } = slowStore(store);
  for (let i = 0; i < 8; i++) add(`c${i}`, 6_000);
  await clock.advance(1);
  assert.ok(puts.length > 1 && puts.length < 8, `${puts.length} begun`);
  for (let i = 0; i < puts.length; i++) {
    puts[i]!.end();
    await clock.advance(1);
  }
  assert.equal(puts.length, 8);
  stop.abort();
  await running;
});
