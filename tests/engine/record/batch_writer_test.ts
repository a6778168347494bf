import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { BatchWriter } from "../../../src/engine/record/batch_writer.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
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
  const add = (channel = "c"): void => {
    const at = ++count * 1_000;
    const line = `@id=${count};tmi-sent-ts=${START_US / 1_000} :u!u@u PRIVMSG #${channel} :hi`;
    recording.line(1, { receivedUs: START_US + at, elapsedUs: at }, line);
    writer.add(count, recording.closeBatch(channel, START_US)!);
  };
  const stop = new AbortController();
  const running = writer.run(stop.signal);
  running.catch(() => {}); // Awaited where it matters.
  const fail = (what: typeof failing): void => void (failing = what);
  return { clock, writer, stored, triedS, reports, errors: () => errors, add, fail, stop, running };
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
