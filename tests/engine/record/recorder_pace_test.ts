import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { Recorder } from "../../../src/engine/record/recorder.ts";
import type { ReceivedLine } from "../../../src/engine/session/lines/listener.ts";
import type { JournalRun } from "../../../src/ports/journal_store.ts";
import { noopReporter, type Reporter } from "../../../src/ports/reporter.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

/** A recorder that runs, and at which second its journal was synced and rotated. */
async function world({ flushIntervalMs }: { readonly flushIntervalMs?: number } = {}) {
  const clock = virtualClock();
  const startUs = clock.elapsedUs();
  const nowS = (): number => (clock.elapsedUs() - startUs) / 1e6;
  const journals = memoryJournal();
  const inner = await journals.openRun("node");
  const syncs: number[] = [];
  const rotations: number[] = [];
  const released: number[] = [];
  const run = Object.create(inner, {
    name: { value: inner.name },
    segment: { get: () => inner.segment },
    append: { value: (bytes: Uint8Array) => inner.append(bytes) },
    sync: { value: () => (syncs.push(nowS()), inner.sync()) },
    rotate: { value: () => (rotations.push(nowS()), inner.rotate()) },
    release: { value: (number: number) => (released.push(number), inner.release(number)) },
    read: { value: (number: number) => inner.read!(number) },
    close: { value: () => inner.close() },
  }) as JournalRun;
  const ignored: (string | undefined)[] = [];
  const reporter: Reporter = {
    report() {},
    count: (name, labels) => void (name === "lines_ignored" && ignored.push(labels?.["reason"])),
  };
  const journal = new JournalWriter(run, { store: journals, reporter: noopReporter });
  const store = memoryStore();
  const options = flushIntervalMs === undefined ? {} : { flushIntervalMs };
  const recorder = new Recorder({
    store,
    hasher,
    clock,
    reporter,
    journal,
    ...options,
  });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  const hear = (text: string, fields: Partial<ReceivedLine> = {}): void => {
    const parsed = parseIrcLine(text);
    const line = { isPiece: false, line: text, parsed, isUnasked: false, ...fields };
    void recorder.received(`${journal.name}.1`, [line as ReceivedLine]);
  };
  const say = (text: string): void =>
    hear(`@tmi-sent-ts=${Math.floor(clock.wallUs() / 1_000)} :u!u@u PRIVMSG #c :${text}`);
  const end = async (): Promise<void> => {
    recorder.closed(`${journal.name}.1`, undefined);
    stop.abort();
    await running;
    assert.equal(clock.sleeperCount, 0);
  };
  recorder.opened(`${journal.name}.1`);
  const covered = async (): Promise<number> =>
    (await collect(store.list("c/.chatloom/coverage/"))).length;
  return {
    clock,
    recorder,
    journals,
    journal,
    store,
    syncs,
    rotations,
    released,
    hear,
    say,
    end,
    covered,
    ignored,
  };
}

test("Recorder makes its journal safe once a second, or as often as it is told", async () => {
  const { clock, syncs, end } = await world();
  await clock.advance(3_500);
  assert.deepEqual(syncs, [1, 2, 3]);
  await end();
  const often = await world({ flushIntervalMs: 250 });
  await often.clock.advance(1_000);
  assert.deepEqual(often.syncs, [0.25, 0.5, 0.75, 1]);
  await often.end();
});

test("Recorder begins a segment of its journal each minute in which something came", async () => {
  const { clock, rotations, say, end } = await world();
  await clock.advance(59_999);
  assert.deepEqual(rotations, []);
  await clock.advance(1);
  assert.deepEqual(rotations, [60]);
  await clock.advance(200_000);
  assert.deepEqual(rotations, [60], "nothing came");
  say("hi");
  await clock.advance(1_000);
  assert.deepEqual(rotations, [60, 261]);
  await end();
});

test("Recorder begins a segment of its journal at 16 MiB", async () => {
  const { clock, rotations, hear, journal, end } = await world();
  const piece = "x".repeat(65_536);
  while (journal.segmentBytes + 66_000 < 16 * 1024 * 1024) hear(piece, { isPiece: true });
  await clock.advance(1_000);
  assert.deepEqual(rotations, []);
  hear("x".repeat(16 * 1024 * 1024 - journal.segmentBytes), { isPiece: true });
  await clock.advance(1_000);
  assert.deepEqual(rotations, [2]);
  await end();
});

test("Recorder lets go of a segment once all that came in it is stored", async () => {
  const { clock, released, say, store, journal, end } = await world();
  say("hi");
  await clock.advance(100_000);
  assert.deepEqual(released, [], "its minute is open");
  await clock.advance(100_000);
  assert.deepEqual([released, journal.segment], [[1, 2], 3]);
  assert.equal((await collect(store.list("c/chat/"))).length, 1);
  await end();
});

test("Recorder stores who listened after a minute, then every five, and at the end", async () => {
  const { clock, hear, say, covered, end } = await world();
  hear(":tmi 001 me :hi");
  hear(":tmi ROOMSTATE #c");
  say("hi");
  const talk = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000);
      hear("PING :x");
    }
  };
  await talk(59);
  assert.equal(await covered(), 0);
  await talk(1);
  const first = await covered();
  assert.ok(first > 0);
  await talk(299);
  assert.equal(await covered(), first);
  await talk(2);
  const second = await covered();
  assert.ok(second > first);
  await talk(20);
  await end();
  assert.ok(await covered() > second);
});

test("Recorder waits for the server to tell the time before it stores who listened", async () => {
  const { clock, hear, say, covered, end } = await world();
  hear(":tmi 001 me :hi");
  hear(":tmi ROOMSTATE #c");
  await clock.advance(150_000);
  hear("PING :x");
  assert.equal(await covered(), 0);
  say("hi");
  await clock.advance(29_000);
  assert.equal(await covered(), 0);
  await clock.advance(2_000);
  assert.ok(await covered() > 0);
  await end();
});

test("Recorder.received resolves once another journal holds what came, where this one is lost", async () => {
  const { clock, recorder, journals, journal, say, end } = await world();
  say("first");
  journals.takeForDead(journal.name);
  for await (const dead of journals.deadRuns()) await dead.remove();
  assert.ok(!journal.isLost, "nothing told it yet");
  const text = "@tmi-sent-ts=1785587646000 :u!u@u PRIVMSG #c :second";
  const line = {
    isPiece: false,
    line: text,
    parsed: parseIrcLine(text),
    isUnasked: false,
  } as const;
  const safe = recorder.received(`${journal.name}.1`, [line]);
  assert.ok(safe instanceof Promise);
  await safe;
  assert.ok(!journal.isLost);
  journals.crash();
  const [run] = await collect(journals.deadRuns());
  const pieces = await collect(run!.read(1));
  const held = pieces.map((piece) => new TextDecoder().decode(piece)).join("");
  assert.ok(held.includes(":first") === false && held.includes('"first"'), held);
  assert.ok(held.includes('"second"'));
  await end().catch(() => {}); // The journal has crashed.
  await clock.advance(0);
});

test("Recorder takes what it renews its journal with within its ticks too", async () => {
  const { clock, journals, journal, say, end } = await world();
  say("first");
  await clock.advance(1_500);
  journals.takeForDead(journal.name);
  for await (const dead of journals.deadRuns()) await dead.remove();
  await clock.advance(499);
  assert.ok(!journal.isLost);
  await clock.advance(1);
  await clock.advance(0);
  assert.ok(!journal.isLost, "lost and begun again");
  say("second");
  assert.ok(!journal.isLost);
  await end();
});

test("Recorder.closed counts and journals the torn end of a connection, as no line", async () => {
  const { recorder, journal, journals, clock, say, end, ignored } = await world();
  say("first");
  const torn = `@tmi-sent-ts=${Math.floor(clock.wallUs() / 1_000)} :u!u@u PRIVMSG #c :torn`;
  recorder.closed(`${journal.name}.1`, torn);
  assert.equal(recorder.state().openBatches, 1);
  assert.deepEqual(ignored, ["piece of a line"]);
  journals.crash();
  const [run] = await collect(journals.deadRuns());
  const pieces = await collect(run!.read(1));
  const rows = pieces.map((piece) => new TextDecoder().decode(piece)).join("").split("\n");
  assert.deepEqual(rows.map((row) => row.slice(0, 2)), ["# ", "+ ", "17", "~ ", "- ", ""]);
  assert.ok(rows[3]!.endsWith(torn));
  await end().catch(() => {}); // The journal has crashed.
});
