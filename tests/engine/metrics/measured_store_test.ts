import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import { measuredStore } from "../../../src/engine/metrics/measured_store.ts";
import { countReceivers } from "../../../src/engine/metrics/receiver_counts.ts";
import { RecentMessages } from "../../../src/engine/metrics/recent_messages.ts";
import { watchRecording } from "../../../src/engine/metrics/watch_recording.ts";
import type { GaugeReading, Metrics } from "../../../src/ports/metrics.ts";
import { hasher, WORLD_US } from "../../simulation/settle/settle_world.ts";

const UTF8 = new TextEncoder();

/** Metrics that remember what was observed, and read gauges when asked. */
function remembering() {
  const observed: string[] = [];
  const gauges = new Map<string, () => readonly GaugeReading[]>();
  const metrics = {
    observe: (name: string, value: number) => void observed.push(`${name} ${value}`),
    gauge: (name: string, read: () => readonly GaugeReading[]) => void gauges.set(name, read),
  } as unknown as Metrics;
  const read = (name: string): unknown =>
    gauges.get(name)!().map(({ labels, value }) =>
      labels === undefined ? value : [...Object.values(labels), value]
    );
  return { metrics, observed, read };
}

test("countReceivers counts messages by receivers, four and more together, names as they come", () => {
  const line = (receivers: string): string =>
    `{"params":["\\"receivers\\":{","x"],"receivers":{${receivers}},"sender":"s"}\n`;
  const one = (name: string): string => `"${name}":1.5`;
  const own = (name: string): string => `"${name}":{"received":1.0,"time":2.0,"time_range":3.0}`;
  const count = (...lists: string[][]): readonly number[] =>
    countReceivers(UTF8.encode(lists.map((list) => line(list.join(","))).join("")));
  assert.deepEqual(count(), [0, 0, 0, 0, 0]);
  assert.deepEqual(count([one("a")], [one("a"), one("b")], [one("a:b{")]), [0, 2, 1, 0, 0]);
  assert.deepEqual(count([own("a")], [own("a"), one("b"), own("c")]), [0, 1, 0, 1, 0]);
  const many = ["a", "b", "c", "d", "e"].map(one);
  assert.deepEqual(count(many.slice(0, 4), many), [0, 0, 0, 0, 2]);
  assert.deepEqual(countReceivers(UTF8.encode('"receivers":{"a')), [1, 0, 0, 0, 0]);
});

test("RecentMessages counts the last hour of each channel, up to its latest minute", () => {
  const recent = new RecentMessages();
  const note = (key: string, channel: string, minuteUs: number, counts: number[]): void =>
    recent.note(key, { channel, minuteUs, counts });
  const values = (): number[] => recent.byReceivers().map(({ value }) => value);
  assert.deepEqual([values(), recent.duplicatesRatio()], [[0, 0, 0, 0], 0]);
  assert.deepEqual(recent.byReceivers().map(({ labels }) => labels!["receivers"]), [
    "1",
    "2",
    "3",
    "4+",
  ]);
  note("a0", "a", WORLD_US, [0, 2, 0, 0, 0]);
  assert.equal(recent.duplicatesRatio(), 0);
  note("b0", "b", WORLD_US, [0, 0, 3, 0, 1]);
  assert.deepEqual(values(), [2, 3, 0, 1]);
  assert.equal(recent.duplicatesRatio(), 1 - 6 / (2 + 6 + 4));
  note("a1", "a", WORLD_US + HOUR_US - MINUTE_US, [0, 1, 0, 0, 0]);
  assert.deepEqual(values(), [3, 3, 0, 1]);
  note("a2", "a", WORLD_US + HOUR_US, [0, 0, 0, 7, 0]);
  assert.deepEqual(values(), [1, 3, 7, 1], "the first minute of that channel is an hour ago");
  note("a3", "a", WORLD_US, [0, 9, 9, 9, 9]);
  assert.deepEqual(values(), [1, 3, 7, 1], "that comes too late");
  recent.forget("a2", "a");
  recent.forget("a2", "x");
  assert.deepEqual(values(), [1, 3, 0, 1]);
});

test("measuredStore counts what is put and deleted once that is done, and nothing that is no key", async () => {
  const counts = new Map<string, number>();
  const reporter = {
    report() {},
    count: (name: string, labels: object = {}, amount = 1) => {
      const key = [name, ...Object.values(labels)].join(" ");
      counts.set(key, (counts.get(key) ?? 0) + amount);
    },
  };
  const { metrics, observed, read } = remembering();
  const inner = memoryStore();
  const store = measuredStore(inner, { reporter, metrics });
  const bytes = UTF8.encode(`{"receivers":{"a":1.5,"b":1.5}}\n{"receivers":{"a":1.5}}\n`);
  const key = batchKey("c", { timeUs: WORLD_US, digest: hasher.digest(bytes) });
  const tombstone = key.replace(".json", ".tombstone");
  await store.put(key, bytes);
  await store.put(tombstone, new Uint8Array());
  assert.deepEqual(observed, [`batch_bytes ${bytes.length}`, "batch_messages 2"]);
  assert.deepEqual(read("recent_messages"), [["1", 1], ["2", 1], ["3", 0], ["4+", 0]]);
  assert.deepEqual(read("recent_duplicates_ratio"), [1 - 2 / 3]);
  await store.delete(key);
  assert.deepEqual(Object.fromEntries(counts), {
    "files_stored batch": 1,
    "file_bytes_stored batch": bytes.length,
    "files_stored tombstone": 1,
    "file_bytes_stored tombstone": 0,
    "files_deleted batch": 1,
  });
  assert.deepEqual(read("recent_duplicates_ratio"), [0]);
  inner.put = () => Promise.reject(new RangeError("full"));
  inner.delete = () => Promise.resolve();
  await assert.rejects(store.put(key, bytes), /full/);
  assert.equal(counts.get("files_stored batch"), 1);
  inner.put = () => Promise.resolve();
  await store.put("nothing of an archive", bytes);
  await store.delete("nothing of an archive");
  assert.equal([...counts.values()].reduce((sum, count) => sum + count), 3 + bytes.length);
});

test("watchRecording reads how a recorder, its connections and its settler stand", () => {
  const { metrics, read } = remembering();
  const state = {
    serverLagUs: undefined as number | undefined,
    openBatches: 1,
    pendingBatches: 2,
    journalBacklogBytes: 3,
    heldBytes: 4,
  };
  const connections = [
    { phase: "welcomed", silentMs: 1_500 },
    { phase: "welcomed", silentMs: 500 },
    { phase: "closed", silentMs: 0 },
  ];
  let now: typeof connections = [];
  watchRecording(metrics, {
    recorder: { state: () => state },
    pool: { state: () => ({ connections: now, waitingCount: 0, channels: [] }) as never },
    settler: { pending: 5 },
  });
  assert.deepEqual([read("open_batches"), read("pending_batches")], [[1], [2]]);
  assert.deepEqual([read("journal_backlog_bytes"), read("settle_pending")], [[3], [5]]);
  assert.deepEqual([read("server_lag_seconds"), read("connections")], [[], []]);
  assert.deepEqual(read("connection_silence_max_seconds"), [0]);
  now = connections;
  state.serverLagUs = 2_500_000;
  assert.deepEqual(read("server_lag_seconds"), [2.5]);
  assert.deepEqual(read("connections"), [["welcomed", 2], ["closed", 1]]);
  assert.deepEqual(read("connection_silence_max_seconds"), [1.5]);
});
