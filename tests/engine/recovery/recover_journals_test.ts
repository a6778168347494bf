import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { parseCoverage } from "../../../src/core/coverage/coverage.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { formatEntry, type JournalEntry } from "../../../src/engine/journal/entry.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const START_US = 1_785_587_640 * SECOND_US;

function moment(seconds: number) {
  return { receivedUs: START_US + seconds * SECOND_US, elapsedUs: seconds * SECOND_US };
}

function line(seconds: number, text: string): JournalEntry {
  return { kind: "line", n: 1, moment: moment(seconds), line: text };
}

function said(seconds: number): JournalEntry {
  const sent = (START_US + seconds * SECOND_US) / 1_000;
  return line(seconds, `@id=${seconds};tmi-sent-ts=${sent} :u!u@u PRIVMSG #c :m${seconds}`);
}

const CHECKPOINT: JournalEntry = {
  kind: "checkpoint",
  checkpoint: { run: "node.AbCdE", serverClock: undefined, connections: [] },
};
const OPEN: JournalEntry = { kind: "open", n: 1, moment: moment(0) };
const CLOSED: JournalEntry = { kind: "batch", id: 0, channel: "c", minuteUs: START_US };

/** The journals of dead runs, each a row of segments, and what recovering them does. */
async function world(...runs: readonly (readonly (readonly (JournalEntry | string)[])[])[]) {
  const journals = memoryJournal();
  for (const segments of runs) {
    const run = await journals.openRun("node");
    for (const [i, entries] of segments.entries()) {
      if (i > 0) run.rotate();
      for (const entry of entries) {
        const text = typeof entry === "string" ? entry : formatEntry(entry);
        run.append(new TextEncoder().encode(text));
      }
    }
  }
  journals.crash();
  const store = memoryStore();
  const counts = new Map<string, number>();
  const stored: string[] = [];
  const reporter = {
    report() {},
    count: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1),
  };
  const recover = (signal?: AbortSignal) =>
    recoverJournals({
      journals,
      store,
      hasher,
      reporter,
      signal,
      onStored: (key) => void stored.push(key),
    });
  const messages = async (): Promise<string[]> => {
    const texts: string[] = [];
    for await (const key of store.list("")) {
      if (parseArchiveKey(key)?.kind !== "batch") continue;
      const batch = decodeBatch((await store.get(key))!);
      texts.push(
        batch.map(({ params, receivers }) => `${params[1]} ${Object.keys(receivers)}`).join(),
      );
    }
    return texts.sort();
  };
  return { journals, store, recover, counts, stored, messages };
}

test("recoverJournals stores what was received, in the batches that were closed, and forgets the run", async () => {
  const { journals, recover, stored, messages } = await world([
    [CHECKPOINT, OPEN, said(1), said(2), CLOSED, said(3)],
  ]);
  assert.deepEqual(await recover(), { runs: 1, lines: 3, batches: 2 });
  assert.deepEqual(await messages(), ["m1 node.AbCdE.1,m2 node.AbCdE.1", "m3 node.AbCdE.1"]);
  assert.equal(stored.length, 2);
  assert.deepEqual(await collect(journals.deadRuns()), []);
  assert.deepEqual(await recover(), { runs: 0, lines: 0, batches: 0 });
});

test("recoverJournals stores no batch again that the journal says is stored", async () => {
  const { recover, messages } = await world([
    [CHECKPOINT, OPEN, said(1), CLOSED, said(2)],
    [CHECKPOINT, { kind: "stored", id: 0 }, said(3)],
  ]);
  assert.deepEqual(await recover(), { runs: 1, lines: 3, batches: 1 });
  assert.deepEqual(await messages(), ["m2 node.AbCdE.1,m3 node.AbCdE.1"]);
});

test("recoverJournals keeps aside what it cannot read, and goes on behind it", async () => {
  const kept: JournalEntry = { kind: "kept", channel: "c", minuteUs: START_US, line: "{}" };
  const { recover, journals, counts, messages } = await world([
    [CHECKPOINT, OPEN, said(1), "nonsense\n", kept, said(2), "1785587645.5 1.5 1 to"],
  ]);
  assert.deepEqual(await recover(), { runs: 1, lines: 3, batches: 1 });
  assert.deepEqual(await messages(), ["m1 node.AbCdE.1,m2 node.AbCdE.1"]);
  const aside = journals.aside.map(({ bytes }) => new TextDecoder().decode(bytes));
  assert.deepEqual(aside, ["nonsense", formatEntry(kept), "1785587645.5 1.5 1 to"]);
  assert.equal(counts.get("journal_lines_set_aside"), 3);
});

test("recoverJournals takes what a later segment knows for news only where one before is missing", async () => {
  const later: JournalEntry = {
    kind: "checkpoint",
    checkpoint: { run: "other.AbCdE", serverClock: undefined, connections: [] },
  };
  const whole = await world([[CHECKPOINT, OPEN, said(1)], [later, said(2)]]);
  await whole.recover();
  assert.deepEqual(await whole.messages(), ["m1 node.AbCdE.1,m2 node.AbCdE.1"]);
  const gap = await world([[CHECKPOINT, OPEN, said(1)], [CHECKPOINT], [later, said(2)]]);
  const [dead] = await collect(gap.journals.deadRuns());
  const segments = dead!.segments.bind(dead);
  gap.journals.deadRuns = async function* () {
    yield {
      ...dead!,
      segments: async function* () {
        for await (const number of segments()) if (number !== 2) yield number;
      },
    };
  };
  await gap.recover();
  assert.deepEqual(await gap.messages(), ["m1 node.AbCdE.1,m2 other.AbCdE.1"]);
});

test("recoverJournals tells who was listening, up to the last sign of life", async () => {
  const { recover, store } = await world([[
    CHECKPOINT,
    OPEN,
    line(1, ":tmi 001 me :hi"),
    line(10, ":tmi ROOMSTATE #c"),
    said(20),
    line(30, "PING :x"),
  ]]);
  await recover();
  const [key] = await collect(store.list("c/.chatloom/coverage/"));
  const parsed = parseCoverage((await store.get(key!))!);
  assert.ok(parsed.ok);
  const startS = (START_US - parsed.hourUs) / SECOND_US;
  assert.deepEqual([...parsed.coverage], [["node.AbCdE.1", [[startS + 10, startS + 30]]]]);
});

test("recoverJournals recovers the other runs where one fails, which stays", async () => {
  const other = said(1);
  const { recover, journals, store, messages } = await world(
    [[CHECKPOINT, OPEN, line(1, "@tmi-sent-ts=1785587641000 :u!u@u PRIVMSG #denied :x")]],
    [[CHECKPOINT, OPEN, other]],
  );
  const put = store.put.bind(store);
  let isDenied = true;
  store.put = (key, ...rest) =>
    isDenied && key.startsWith("denied/")
      ? Promise.reject(new ChatloomError("STORE_DENIED", "Cannot write"))
      : put(key, ...rest);
  await assert.rejects(recover(), { code: "STORE_DENIED" });
  assert.deepEqual(await messages(), ["m1 node.AbCdE.1"]);
  assert.equal((await collect(journals.deadRuns())).length, 1);
  isDenied = false;
  assert.deepEqual(await recover(), { runs: 1, lines: 1, batches: 1 });
  assert.equal((await messages()).length, 2);
});

test("recoverJournals gives up with its caller, and what it did stays", async () => {
  const { recover, journals } = await world([[CHECKPOINT, OPEN, said(1)]]);
  await assert.rejects(recover(AbortSignal.abort(new Error("enough"))), /enough/);
  assert.equal((await collect(journals.deadRuns())).length, 1);
});

test("recoverJournals stores several batches at a time, and forgets the run when all are safe", async () => {
  const closed = Array.from({ length: 40 }, (_, id): JournalEntry[] => {
    const channel = `c${id}`;
    const text = `@id=${id};tmi-sent-ts=${START_US / 1_000} :u!u@u PRIVMSG #${channel} :hi`;
    return [line(id, text), { kind: "batch", id, channel, minuteUs: START_US }];
  });
  for (const fails of [false, true]) {
    const { journals, store, recover } = await world([[CHECKPOINT, OPEN, ...closed.flat()]]);
    const put = store.put.bind(store);
    let [running, most, stored] = [0, 0, 0];
    store.put = async (key, ...rest) => {
      most = Math.max(most, ++running);
      for (let i = 0; i < 9; i++) await new Promise((resolve) => setTimeout(resolve, 0));
      running--;
      if (fails && key.startsWith("c20/")) throw new ChatloomError("STORE_FULL", "Cannot");
      assert.equal((await collect(journals.deadRuns())).length, 1, "forgotten too early");
      await put(key, ...rest);
      stored++;
    };
    if (fails) await assert.rejects(recover(), { code: "STORE_FULL" });
    else await recover();
    assert.equal(most, 16);
    assert.equal(running, 0, "nothing is stored behind the caller's back");
    assert.ok(fails ? stored > 20 : stored >= 40, `${stored} stored`);
    assert.equal((await collect(journals.deadRuns())).length, Number(fails));
  }
});
