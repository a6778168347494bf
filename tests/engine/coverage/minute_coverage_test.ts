import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage, type ListenedSpan } from "../../../src/core/coverage/coverage.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { estimateMissed } from "../../../src/engine/coverage/capture_recapture.ts";
import { toMinuteJson } from "../../../src/engine/coverage/describe_minute.ts";
import { coverageByMinute } from "../../../src/engine/coverage/minute_coverage.ts";
import { readHourCoverage, spanOf } from "../../../src/engine/coverage/read_coverage.ts";
import { settleCoverage } from "../../../src/engine/coverage/settle_coverage.ts";
import { coverageOf, writeCoverage } from "../../../src/engine/coverage/write_coverage.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { hasher, WORLD_US } from "../../simulation/settle/settle_world.ts";

const HOUR = hourOf(WORLD_US);
const BASE = { run: "n.aaaaa", serverClock: undefined, wallOffsetUs: HOUR };

type Spans = Readonly<Record<string, readonly ListenedSpan[]>>;

/** A store with these coverage files, each of the hour that its name says and its content may not. */
async function storeOf(
  files: readonly (readonly [hourUs: Micros, spans: Spans, namedUs?: Micros])[],
) {
  const store = memoryStore();
  const keys: string[] = [];
  for (const [hourUs, spans, namedUs = hourUs] of files) {
    const bytes = encodeCoverage(hourUs, new Map(Object.entries(spans)));
    const parts = { kind: "coverage", channel: "c", hourUs: namedUs } as const;
    keys.push(formatArchiveKey({ ...parts, digest: hasher.digest(bytes) }));
    await store.put(keys.at(-1)!, bytes);
  }
  return { store, keys };
}

/** A batch of the minute `minuteUs` whose messages were heard by these receivers; with `exact`, exactly. */
async function putBatch(
  store: ReturnType<typeof memoryStore>,
  minuteUs: Micros,
  heard: readonly (readonly string[])[],
  { isExact = true } = {},
): Promise<void> {
  const bytes = encodeBatch(heard.map((receivers, i) => ({
    command: "PRIVMSG",
    host: "h",
    params: ["#c", "x"],
    receivers: Object.fromEntries(receivers.map((each) => [each, minuteUs / SECOND_US + i])),
    sender: "s",
    tags: isExact ? { id: `${i}`, "tmi-sent-ts": `${minuteUs / 1_000 + i}` } : { id: `${i}` },
    time: minuteUs / SECOND_US + i / 1_000,
    time_range: isExact ? 0 : 1,
    user: "s",
  })));
  const parts = { kind: "batch", channel: "c", minuteUs } as const;
  await store.put(formatArchiveKey({ ...parts, digest: hasher.digest(bytes) }), bytes);
}

/** What is told, as text. */
function tellingReporter(): { reporter: Reporter; told: string[] } {
  const told: string[] = [];
  const report: Reporter["report"] = (severity, message, fields) =>
    void told.push(`${severity} ${message} ${fields?.["why"]}`);
  return { reporter: { report, count() {} }, told };
}

test("coverageByMinute gives seconds and messages of each minute, from the one that holds the start", async () => {
  const { store } = await storeOf([
    [HOUR - HOUR_US, { "a.aaaaa.1": [[3_570, 3_600]] }],
    [HOUR, { "a.aaaaa.1": [[0, 61]], "b.bbbbb.1": [[30, 40], [50, 60], [119, 121]] }],
  ]);
  await putBatch(store, HOUR - MINUTE_US, [["a.aaaaa.1"]]);
  await putBatch(store, HOUR + MINUTE_US, [["a.aaaaa.1"], ["a.aaaaa.1"]]);
  await putBatch(store, HOUR + 2 * MINUTE_US, [["a.aaaaa.1"]]);
  const bounds = { fromUs: HOUR - 1, toUs: HOUR + MINUTE_US + 1 };
  const minutes = await collect(
    coverageByMinute("c", { store, hasher, reporter: noopReporter, ...bounds }),
  );
  assert.deepEqual(
    minutes.map(({ minuteUs, receivers, uncoveredS, messages }) => [
      (minuteUs - HOUR) / MINUTE_US,
      Object.fromEntries(receivers),
      uncoveredS,
      messages,
    ]),
    [
      [-1, { "a.aaaaa.1": 30 }, 30, 1],
      [0, { "a.aaaaa.1": 60, "b.bbbbb.1": 20 }, 0, 0],
      [1, { "a.aaaaa.1": 1, "b.bbbbb.1": 1 }, 58, 2],
    ],
  );
});

/** What `heard` in a minute says of the listeners, who were all there all the time. */
async function estimateOf(
  listeners: readonly string[],
  heard: readonly (readonly string[])[],
  options = {},
) {
  const spans = Object.fromEntries(listeners.map((each) => [each, [[0, 60]] as const]));
  const { store } = await storeOf([[HOUR, spans]]);
  await putBatch(store, HOUR, heard, options);
  const bounds = { fromUs: HOUR, toUs: HOUR + MINUTE_US };
  const [minute] = await collect(
    coverageByMinute("c", { store, hasher, reporter: noopReporter, ...bounds }),
  );
  return minute!;
}

test("coverageByMinute compares the first node with the others, or the first connection of one node", async () => {
  const [a1, a2, b1, c1] = ["a.aaaaa.1", "a.aaaaa.2", "b.bbbbb.1", "c.ccccc.1"] as const;
  const heard = [[a1], [a2], [b1], [c1], [a1, b1], [a2, c1], [a1, a2], [b1, c1], ["x.xxxxx.1"]];
  const byNode = await estimateOf([c1, b1, a2, a1], heard);
  assert.deepEqual(byNode.estimate, estimateMissed({ onlyA: 3, onlyB: 3, both: 2 }));
  assert.equal(byNode.messages, 9);
  const byConnection = await estimateOf([a2, a1], heard);
  assert.deepEqual(byConnection.estimate, estimateMissed({ onlyA: 2, onlyB: 2, both: 1 }));
  // A node's name may have points of its own.
  const dotted = ["n.x.aaaaa.1", "n.y.bbbbb.1", "n.y.bbbbb.2"] as const;
  const { estimate } = await estimateOf(dotted, [[dotted[0]], [dotted[1], dotted[2]]]);
  assert.deepEqual(estimate, estimateMissed({ onlyA: 1, onlyB: 1, both: 0 }));
  const plain = await estimateOf(["b", "a"], [["a"], ["b"], ["b"]]);
  assert.deepEqual(plain.estimate, estimateMissed({ onlyA: 1, onlyB: 2, both: 0 }));
});

test("coverageByMinute estimates nothing without two listeners and an exact message", async () => {
  assert.equal((await estimateOf(["a.aaaaa.1"], [["a.aaaaa.1"]])).estimate, undefined);
  assert.equal((await estimateOf(["a.aaaaa.1", "a.aaaaa.2"], [])).estimate, undefined);
  const two = ["a.aaaaa.1", "a.aaaaa.2"];
  const ranged = await estimateOf(two, [["a.aaaaa.1"]], { isExact: false });
  assert.deepEqual([ranged.estimate, ranged.messages], [undefined, 0]);
});

test("coverageByMinute ends with the caller's reason", async () => {
  const { store } = await storeOf([]);
  const stop = new AbortController();
  const bounds = { fromUs: HOUR, toUs: HOUR + HOUR_US, signal: stop.signal };
  const minutes = coverageByMinute("c", { store, hasher, reporter: noopReporter, ...bounds });
  await minutes.next();
  stop.abort(new Error("enough"));
  await assert.rejects(minutes.next(), /enough/);
});

test("toMinuteJson sorts receivers and rounds estimates to two decimals", () => {
  const minute = {
    minuteUs: HOUR + MINUTE_US,
    receivers: new Map([["b", 2], ["a", 60], ["c", 1]]),
    uncoveredS: 3,
    messages: 4,
  };
  const json = toMinuteJson({ ...minute, estimate: { seen: 4, missed: 1.236, error: 0.034 } });
  assert.equal(json.minute, new Date(minute.minuteUs / 1_000).toISOString().slice(0, 16));
  assert.deepEqual(Object.entries(json.listened), [["a", 60], ["b", 2], ["c", 1]]);
  assert.deepEqual([json.uncovered_seconds, json.messages], [3, 4]);
  assert.deepEqual([json.missed_estimate, json.missed_error], [1.24, 0.03]);
  const { missed_estimate, missed_error } = toMinuteJson({ ...minute, estimate: undefined });
  assert.deepEqual([missed_estimate, missed_error], [null, null]);
});

test("estimateMissed is Chapman's estimator, and never below nothing", () => {
  // (14 + 1)(8 + 1) / (4 + 1) - 1 = 26, of which 18 were seen.
  const { seen, missed, error } = estimateMissed({ onlyA: 10, onlyB: 4, both: 4 });
  assert.deepEqual([seen, missed], [18, 8]);
  assert.equal(error, Math.sqrt(15 * 9 * 10 * 4 / (25 * 6)));
  assert.deepEqual(estimateMissed({ onlyA: 0, onlyB: 0, both: 0 }), {
    seen: 0,
    missed: 0,
    error: 0,
  });
  assert.equal(estimateMissed({ onlyA: 5, onlyB: 0, both: 0 }).missed, 0);
});

test("coverageOf gives whole seconds, hour by hour, and leaves out those begun", () => {
  const stay = (fromUs: Micros, toUs: Micros) => ({ n: 1, channel: "c", fromUs, toUs });
  const spansOf = (...stays: ReturnType<typeof stay>[]) =>
    coverageOf(stays, BASE).map(({ hourUs, coverage }) => [
      (hourUs - HOUR) / HOUR_US,
      coverage.get("n.aaaaa.1"),
    ]);
  assert.deepEqual(spansOf(stay(0, SECOND_US)), [[0, [[0, 1]]]]);
  assert.deepEqual(spansOf(stay(1, 3 * SECOND_US - 1)), [[0, [[1, 2]]]]);
  assert.deepEqual(spansOf(stay(1, 2 * SECOND_US - 1)), []);
  assert.deepEqual(spansOf(stay(3_599 * SECOND_US, HOUR_US)), [[0, [[3_599, 3_600]]]]);
  assert.deepEqual(spansOf(stay(3_599 * SECOND_US, 2 * HOUR_US + SECOND_US)), [
    [0, [[3_599, 3_600]]],
    [1, [[0, 3_600]]],
    [2, [[0, 1]]],
  ]);
  assert.deepEqual(spansOf(stay(0, SECOND_US), stay(5 * SECOND_US, 6 * SECOND_US)), [
    [0, [[0, 1], [5, 6]]],
  ]);
});

test("coverageOf goes by the server's clock where that is known, and stays within what can be written", () => {
  const stays = [{ n: 1, channel: "c", fromUs: 10 * SECOND_US, toUs: 20 * SECOND_US }];
  const serverClock = { sentUs: HOUR + 100 * SECOND_US, elapsedUs: 5 * SECOND_US };
  const [hour] = coverageOf(stays, { ...BASE, serverClock, wallOffsetUs: 0 });
  assert.deepEqual(hour!.coverage.get("n.aaaaa.1"), [[105, 115]]);
  const early = coverageOf(stays, { ...BASE, wallOffsetUs: -15 * SECOND_US });
  assert.deepEqual(early.map(({ coverage }) => [...coverage.values()]), [[[[0, 5]]]]);
  const lateUs = 2 ** 32 * SECOND_US - 15 * SECOND_US;
  const late = coverageOf(stays, { ...BASE, wallOffsetUs: lateUs });
  assert.equal(late.length, 1);
  const [span] = [...late[0]!.coverage.values()][0]!;
  assert.equal(span![1] - span![0], 5);
});

test("writeCoverage stores a file for each channel and hour, and tells of each once it is there", async () => {
  const store = memoryStore();
  const stored: [key: string, isThere: boolean][] = [];
  const put = store.put.bind(store);
  const there = new Set<string>();
  store.put = async (key, bytes, options) => {
    await put(key, bytes, options);
    there.add(key);
  };
  const stays = ["c", "d"].map((channel) => ({
    n: 1,
    channel,
    fromUs: 0,
    toUs: HOUR_US + SECOND_US,
  }));
  const onStored = (key: string) => void stored.push([key, there.has(key)]);
  await writeCoverage(stays, { ...BASE, store, hasher, onStored });
  assert.equal(there.size, 4);
  assert.deepEqual(stored, [...there].map((key) => [key, true]));
  await writeCoverage(stays, { ...BASE, store, hasher });
  assert.equal(there.size, 4);
});

test("readHourCoverage joins all files of the hour, and tells of those that it cannot use", async () => {
  const { store, keys } = await storeOf([
    [HOUR, { "a.aaaaa.1": [[0, 10]] }],
    [HOUR, { "a.aaaaa.1": [[5, 20]], "b.bbbbb.1": [[0, 1]] }],
    [HOUR + HOUR_US, { "a.aaaaa.1": [[30, 40]] }],
    [HOUR + HOUR_US, { "x.aaaaa.1": [[30, 40]] }, HOUR],
  ]);
  const { reporter, told } = tellingReporter();
  const coverage = await readHourCoverage("c", HOUR, { store, hasher, reporter });
  assert.deepEqual([...coverage], [["a.aaaaa.1", [[0, 20]]], ["b.bbbbb.1", [[0, 1]]]]);
  assert.deepEqual(told.map((text) => text.split(" ").at(-1)), ["misplaced"]);
  assert.equal(keys.length, 4);
});

test("spanOf reaches from the first hour to the end of the last", async () => {
  const { store } = await storeOf([
    [HOUR, { "a.aaaaa.1": [[0, 1]] }],
    [HOUR + 3 * HOUR_US, { "a.aaaaa.1": [[0, 1]] }],
  ]);
  assert.deepEqual(await spanOf("c", { store }), { fromUs: HOUR, toUs: HOUR + 4 * HOUR_US });
  assert.equal(await spanOf("d", { store }), undefined);
});

test("settleCoverage leaves one file alone, and counts what it wrote and deleted", async () => {
  const settle = (store: ReturnType<typeof memoryStore>, reporter: Reporter = noopReporter) =>
    settleCoverage("c", HOUR, { store, hasher, reporter });
  const one = await storeOf([[HOUR, { a: [[0, 1]] }]]);
  assert.deepEqual(await settle(one.store), { written: 0, deleted: 0 });
  const two = await storeOf([[HOUR, { a: [[0, 1]] }], [HOUR, { a: [[1, 2]] }]]);
  assert.deepEqual(await settle(two.store), { written: 1, deleted: 2 });
  assert.deepEqual(await settle(two.store), { written: 0, deleted: 0 });
  // One of the two says all: it stays.
  const covered = await storeOf([[HOUR, { a: [[0, 9]] }], [HOUR, { a: [[1, 2]] }]]);
  assert.deepEqual(await settle(covered.store), { written: 0, deleted: 1 });
  assert.deepEqual(await collect(covered.store.list("c/")), [covered.keys[0]]);
  // What cannot be used is told of and stays.
  const { reporter, told } = tellingReporter();
  const misplaced = await storeOf([
    [HOUR, { a: [[0, 1]] }],
    [HOUR + HOUR_US, { a: [[1, 2]] }, HOUR],
  ]);
  assert.deepEqual(await settle(misplaced.store, reporter), { written: 0, deleted: 0 });
  assert.equal(told.length, 1);
  assert.equal((await collect(misplaced.store.list("c/"))).length, 2);
});
