import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { ChatloomError, UnreadableEntryError } from "../../../src/core/errors/errors.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { channelHours, keysOfHour } from "../../../src/engine/read/channel_hours.ts";
import { ChannelFiles } from "../../../src/engine/read/files/channel_files.ts";
import { FaultReporter } from "../../../src/engine/read/files/fault_reporter.ts";
import { loadBatch } from "../../../src/engine/read/files/load_batch.ts";
import { listingsOf } from "../../../src/engine/read/files/minute_listing.ts";
import { readEntry } from "../../../src/engine/read/files/read_entry.ts";
import {
  extendSpan,
  HourSnapshot,
  SnapshotStaleError,
} from "../../../src/engine/read/hour_snapshot.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { hasher, redactionFile, WORLD_US } from "../../simulation/settle/settle_world.ts";

const MESSAGE: Message = {
  command: "PRIVMSG",
  host: "h",
  params: ["#c", "hi"],
  receivers: { a: WORLD_US / SECOND_US },
  sender: "s",
  tags: null,
  time: WORLD_US / SECOND_US,
  time_range: 1,
  user: "u",
};

/** Some messages of a minute, of at least so many bytes. */
function batchOf(minuteUs: Micros, bytes = 1): Uint8Array {
  const messages: Message[] = [];
  const time = minuteUs / SECOND_US;
  for (let size = 0; size < bytes; size += 1_000) {
    const params = ["#c", `${messages.length} ${"x".repeat(1_000)}`];
    messages.push({ ...MESSAGE, params, time, receivers: { a: time } });
  }
  return encodeBatch(messages);
}

function keyOf(bytes: Uint8Array, timeUs: Micros): string {
  return batchKey("c", { timeUs, digest: hasher.digest(bytes) });
}

async function storeOf(...minutes: readonly Micros[]) {
  const store = memoryStore();
  const keys: string[] = [];
  for (const minuteUs of minutes) {
    const bytes = batchOf(minuteUs);
    keys.push(keyOf(bytes, minuteUs));
    await store.put(keys.at(-1)!, bytes);
  }
  return { store, keys };
}

test("readEntry gives bytes that are what their name says, and of a tombstone any", async () => {
  const { store, keys: [key = ""] } = await storeOf(WORLD_US);
  assert.deepEqual(await readEntry(key, { store, hasher }), { ok: true, bytes: batchOf(WORLD_US) });
  const tombstone = key.replace(".json", ".tombstone");
  assert.equal(await readEntry(tombstone, { store, hasher }), undefined);
  await store.put(tombstone, Uint8Array.of(7));
  assert.deepEqual(await readEntry(tombstone, { store, hasher }), {
    ok: true,
    bytes: Uint8Array.of(7),
  });
  await store.put(key, Uint8Array.of(7));
  const damaged = await readEntry(key, { store, hasher });
  assert.ok(damaged !== undefined && !damaged.ok);
  assert.equal(damaged.fault.kind, "damaged");
  assert.match(damaged.fault.reason, /^its 1 bytes have the hash /);
  const unreadable = new UnreadableEntryError("STORE_IO", [{
    path: key,
    reason: "why",
  }]);
  store.get = () => Promise.reject(unreadable);
  assert.deepEqual(await readEntry(key, { store, hasher }), {
    ok: false,
    fault: { kind: "unreadable", reason: "why" },
  });
  store.get = () => Promise.reject(new ChatloomError("STORE_IO", "Cannot"));
  await assert.rejects(readEntry(key, { store, hasher }), { code: "STORE_IO" });
  store.get = () => Promise.resolve(Uint8Array.of(1));
  await assert.rejects(readEntry("nothing", { store, hasher }), RangeError);
});

test("loadBatch rests after each half mebibyte, and finds the same", async () => {
  const bytes = batchOf(WORLD_US, 1_600_000);
  const key = keyOf(bytes, WORLD_US);
  const store = memoryStore();
  await store.put(key, bytes);
  let rests = 0;
  const options = { store, hasher, isRedacted: undefined };
  const whole = await loadBatch(key, options);
  const parts = await loadBatch(key, { ...options, rest: () => Promise.resolve(void rests++) });
  assert.ok(whole?.ok && parts?.ok);
  assert.equal(rests, Math.ceil(bytes.length / (524_288 + 1_200)));
  assert.deepEqual(parts.sightings.encode(), whole.sightings.encode());
  assert.deepEqual(parts.sightings.encode(), bytes);
});

test("loadBatch names the line at fault, wherever its part begins", async () => {
  const good = batchOf(WORLD_US, 1_600_000);
  const lines = new TextDecoder().decode(good).split("\n");
  for (const line of [1, 2, 700, 1_500, lines.length]) {
    const text = [...lines.slice(0, line - 1), "x", ...lines.slice(line - 1)].join("\n");
    const bytes = new TextEncoder().encode(text);
    const key = keyOf(bytes, WORLD_US);
    const store = memoryStore();
    await store.put(key, bytes);
    for (const rest of [undefined, () => Promise.resolve()]) {
      const loaded = await loadBatch(key, { store, hasher, isRedacted: undefined, rest });
      assert.deepEqual(loaded, {
        ok: false,
        key,
        fault: { kind: "unreadable", line, reason: "not JSON" },
      });
    }
  }
});

test("loadBatch finds a batch that is in the wrong minute, and one that is to be forgotten", async () => {
  const store = memoryStore();
  const bytes = batchOf(WORLD_US);
  const key = keyOf(bytes, WORLD_US + MINUTE_US);
  await store.put(key, bytes);
  const options = { store, hasher, isRedacted: undefined };
  const misplaced = await loadBatch(key, options);
  assert.equal(misplaced?.ok === false && misplaced.fault.kind, "misplaced");
  const right = keyOf(bytes, WORLD_US);
  assert.equal(await loadBatch(right, options), undefined);
  await store.put(right, bytes);
  const forgotten = await loadBatch(right, { ...options, isRedacted: () => true });
  assert.ok(forgotten?.ok);
  assert.deepEqual([forgotten.redactedCount, forgotten.sightings.isEmpty()], [1, true]);
  await assert.rejects(loadBatch(right.replace(".json", ".tombstone"), options), RangeError);
});

test("listingsOf has the batches of each minute without those that a tombstone hides", async () => {
  const { keys } = await storeOf(WORLD_US, WORLD_US + MINUTE_US);
  const [first = "", second = ""] = keys;
  const [redaction] = await redactionFile("1");
  const hidden = first.replace(".json", ".tombstone");
  const listings = listingsOf([first, hidden, second, redaction, "nothing"]);
  assert.deepEqual([...listings.keys()], [WORLD_US, WORLD_US + MINUTE_US]);
  assert.deepEqual(listings.get(WORLD_US), {
    minuteUs: WORLD_US,
    batches: [],
    hidden: new Set([first]),
  });
  assert.deepEqual(listings.get(WORLD_US + MINUTE_US)!.batches, [second]);
});

test("channelHours and keysOfHour know chat and coverage, and no folder that is no hour", async () => {
  const { store, keys: [key = ""] } = await storeOf(WORLD_US);
  const hash = key.slice(-48);
  const coverage = `c/.chatloom/coverage/2026-08-01T22/${hash.slice(0, 43)}.json`;
  await store.put(coverage, new Uint8Array());
  const folders = store.folders.bind(store);
  store.folders = async function* (...args) {
    yield* folders(...args);
    yield* ["redactions", "2026-08-01T24"];
  };
  assert.deepEqual(await channelHours("c", { store }), ["2026-08-01T22", "2026-08-01T23"]);
  const hourUs = hourOf(WORLD_US);
  assert.deepEqual(await keysOfHour("c", hourUs, { store }), [key]);
  assert.deepEqual(await keysOfHour("c", hourUs - HOUR_US, { store }), [coverage]);
});

test("HourSnapshot lists until two listings are the same, a hundred times at most", async () => {
  const { store, keys } = await storeOf(WORLD_US, WORLD_US + MINUTE_US, WORLD_US + 10 * MINUTE_US);
  const files = new ChannelFiles("c", { store, hasher, reporter: noopReporter });
  const span = { fromUs: WORLD_US, toUs: WORLD_US };
  let lists = 0;
  let changes = 2;
  const changing = {
    list: async function* (...args: Parameters<typeof store.list>) {
      lists++;
      if (changes-- > 0) yield `c/chat/2026-08-01T23/0${changes % 10}:00-x`;
      yield* store.list(...args);
    },
  } as unknown as typeof store;
  const snapshot = await HourSnapshot.take(span, { store: changing, files, abort: {} });
  assert.equal(lists, 4);
  assert.deepEqual(snapshot.minutes(), [WORLD_US, WORLD_US + MINUTE_US]);
  assert.deepEqual(snapshot.span, { fromUs: hourOf(WORLD_US), toUs: hourOf(WORLD_US) });
  const holds = [-1, 0, HOUR_US - 1, HOUR_US].map((us) => snapshot.holds(hourOf(WORLD_US) + us));
  assert.deepEqual(holds, [false, true, true, false]);
  const [second = ""] = keys.slice(1);
  const bytes = (await store.get(second))!;
  await store.delete(second);
  await assert.rejects(snapshot.load(WORLD_US + MINUTE_US), SnapshotStaleError);
  await store.put(second, bytes);
  const { loaded, batches } = await snapshot.load(WORLD_US);
  assert.deepEqual([loaded.map(({ key }) => key), batches], [[keys[0]], [keys[0]]]);
  assert.deepEqual((await snapshot.load(WORLD_US + 2 * MINUTE_US)).loaded, []);
  [lists, changes] = [0, 1_000];
  const never = HourSnapshot.take(span, { store: changing, files, abort: {} });
  await assert.rejects(never, { code: "STORE_IO" });
  assert.equal(lists, 100);
});

test("extendSpan holds the hours of the minute and of its last microsecond", () => {
  const span = { fromUs: 10 * MINUTE_US, toUs: 20 * MINUTE_US };
  assert.deepEqual(extendSpan(span, 15 * MINUTE_US), span);
  assert.deepEqual(extendSpan(span, 5 * MINUTE_US), { ...span, fromUs: 5 * MINUTE_US });
  assert.deepEqual(extendSpan(span, 20 * MINUTE_US), { ...span, toUs: 21 * MINUTE_US - 1 });
});

test("FaultReporter tells of each thing once, and remembers ten thousand", () => {
  const told: string[] = [];
  const counted: string[] = [];
  const faults = new FaultReporter({
    report: (_severity, message) => void told.push(message.slice(0, 17)),
    count: (_name, labels) => void counted.push(labels!["why"]!),
  });
  for (let i = 0; i < 2; i++) {
    faults.tell("a", { why: "damaged" });
    faults.tellRedaction("b", "reason");
    faults.tellFolder({ path: "c/chat", reason: "reason" });
    faults.tellFolder({ path: "c/.chatloom/redactions", reason: "reason" });
  }
  assert.deepEqual(told, [
    "Left out a file t",
    "A redaction is th",
    "Left out a folder",
    "A redaction is th",
  ]);
  assert.deepEqual(counted, ["damaged", "redaction", "folder", "redaction"]);
  for (let i = 4; i < 10_000; i++) faults.tell(`${i}`, { why: "damaged" });
  const before = told.length;
  faults.tell("a", { why: "damaged" });
  assert.equal(told.length, before);
  faults.tell("new", { why: "damaged" });
  faults.tell("b", { why: "damaged" });
  assert.equal(told.length, before + 1);
  faults.tell("a", { why: "damaged" });
  assert.equal(told.length, before + 2);
});

test("ChannelFiles keeps what it read, until redactions change or a minute is past", async () => {
  const { store, keys } = await storeOf(WORLD_US, WORLD_US + MINUTE_US);
  let reads = 0;
  const get = store.get.bind(store);
  store.get = (
    ...args
  ) => (reads += Number(parseArchiveKey(args[0])?.kind === "batch"), get(...args));
  const files = new ChannelFiles("c", { store, hasher, reporter: noopReporter });
  const load = async (): Promise<number> => {
    const before = reads;
    for (const key of keys) assert.ok((await files.load(key))?.ok);
    return reads - before;
  };
  assert.deepEqual([await load(), await load()], [2, 0]);
  files.dropBefore(WORLD_US + MINUTE_US);
  assert.deepEqual([await load(), await load()], [1, 0]);
  assert.deepEqual(await files.refreshRedactions(), []);
  assert.equal(await load(), 0);
  const [redaction, bytes] = await redactionFile("1");
  await store.put(redaction, bytes);
  assert.deepEqual(await files.refreshRedactions(), [redaction]);
  assert.equal(await load(), 2);
  assert.deepEqual(await files.refreshRedactions(), [redaction]);
  assert.equal(await load(), 0);
  await store.delete(redaction);
  assert.deepEqual(await files.refreshRedactions(), []);
  assert.equal(await load(), 2);
});
