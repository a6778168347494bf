import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { JournalWriter } from "../../src/engine/journal/journal_writer.ts";
import { BatchWriter } from "../../src/engine/record/batch_writer.ts";
import { Recording } from "../../src/engine/record/recording.ts";
import { Settler } from "../../src/engine/settle/settler.ts";
import { FetchesInFlight } from "../../src/engine/sync/state/fetches_in_flight.ts";
import { FetchBudget } from "../../src/engine/sync/state/fetch_budget.ts";
import { PassLimit } from "../../src/engine/sync/state/pass_limit.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { virtualClock } from "../../src/testing/time/virtual_clock.ts";
import { hasher } from "../simulation/settle/settle_world.ts";
import { countedSignal } from "./listener_count.ts";
import { deferred } from "./deferred.ts";

const KEY = "forsen/chat/2026-08-01T12/34:00-x.json";

test("FetchesInFlight, FetchBudget and PassLimit let go of the caller's signal when they are done", async () => {
  const clock = virtualClock();
  const { signal, count } = countedSignal();
  const claims = new FetchesInFlight(clock);
  const first = deferred<"failed">();
  const runs = [
    claims.run(KEY, () => first.promise, signal),
    claims.run(KEY, () => Promise.resolve("stored"), signal),
  ];
  assert.equal(count(), 1);
  first.resolve("failed");
  await Promise.all(runs);
  assert.equal(count(), 0);

  const budget = new FetchBudget();
  assert.ok(budget.tryTake());
  const turn = budget.take(signal);
  assert.equal(count(), 1);
  budget.giveBack();
  await turn;
  assert.equal(count(), 0);

  await new PassLimit("peer", clock).run(signal, () => Promise.resolve(assert.equal(count(), 1)));
  assert.equal(count(), 0);
});

test("Settler listens to its signal only while it sleeps", async () => {
  const clock = virtualClock();
  const { signal, abort, count } = countedSignal();
  const store = memoryStore();
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock });
  const running = settler.run(signal);
  for (let minute = 0; minute < 5; minute++) {
    settler.onFileStored(`c/chat/2026-08-01T12/0${minute}:00-${"A".repeat(43)}.json`);
    await clock.advance(10_000);
    assert.equal(count(), 1);
  }
  abort();
  await running;
  assert.equal(count(), 0);
});

test("BatchWriter listens to its signal only while it waits", async () => {
  const clock = virtualClock();
  const { signal, abort, count } = countedSignal();
  const journals = memoryJournal();
  const journal = new JournalWriter(await journals.openRun("n"), {
    store: journals,
    reporter: noopReporter,
  });
  const store = memoryStore();
  const stored: number[] = [];
  const writer = new BatchWriter({
    store,
    hasher,
    clock,
    reporter: noopReporter,
    journal,
    onStored: ({ id }) => void stored.push(id),
  });
  const recording = new Recording({ run: "n.00001", reporter: noopReporter, isMidway: true });
  const running = writer.run(signal);
  for (let id = 0; id < 5; id++) {
    const line = "@tmi-sent-ts=1785587641000 :u!u@u PRIVMSG #c :hi";
    recording.line(1, { receivedUs: 1_785_587_641_000_000 + id, elapsedUs: id }, line);
    const [open] = recording.openBatches();
    writer.add(id, recording.closeBatch(open!.channel, open!.minuteUs)!);
    await clock.advance(1);
    assert.equal(count(), 1);
  }
  assert.deepEqual(stored, [0, 1, 2, 3, 4]);
  abort();
  await running;
  assert.equal(count(), 0);
});
