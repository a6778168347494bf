import assert from "node:assert/strict";
import { test } from "node:test";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { HeavyReads } from "../../../src/engine/api/chat/heavy_reads.ts";
import { loadBatch } from "../../../src/engine/read/files/load_batch.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { apiWorld, said } from "./api_world.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const NOON_S = 1785585600;
const LINES = 20_000;
const RANGE = "start=2026-08-01T12:00&end=2026-08-01T12:01";
const UTF8 = new TextEncoder();

/** A busy minute, as a batch. */
function bigBatch(): Uint8Array {
  return encodeBatch(
    Array.from(
      { length: LINES },
      (_, i) => said(Math.floor(i * 60_000 / LINES) / 1000, `m${i}`, { login: `user${i % 500}` }),
    ),
  );
}

/** On this clock a millisecond passes between two looks at it; counts breaks. */
function busyClock(): Clock & { breaks: number } {
  let nowUs = 0;
  return {
    breaks: 0,
    wallUs: () => NOON_S * 1e6,
    elapsedUs: () => nowUs += 1_000,
    sleep(delayMs, signal) {
      if (delayMs === 0) {
        this.breaks++;
        return new Promise((resolve) => setImmediate(resolve));
      }
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
}

test("a list that is sent in slices holds the same lines as NDJSON does", async () => {
  const world = apiWorld();
  const bytes = bigBatch();
  await world.putBytes("forsen", bytes);
  const lines = await world.text(`/forsen/chat.ndjson?${RANGE}`);
  assert.ok(lines.length > 1024 * 1024);
  assert.equal(lines, new TextDecoder().decode(bytes));
  const list = `[${lines.trimEnd().split("\n").join(",")}]`;
  assert.equal(await world.text(`/forsen/chat.json?${RANGE}`), list);
  const some = await world.text(`/forsen/chat.ndjson?${RANGE}&limit=15000&reverse=true`);
  const back = lines.trimEnd().split("\n").reverse().slice(0, 15_000);
  assert.equal(some, `${back.join("\n")}\n`);
});

test("other requests are answered while lines of a big minute are read and picked", async () => {
  const clock = busyClock();
  const world = apiWorld({ clock });
  await world.putBytes("forsen", bigBatch());
  await world.text(`/forsen/chat.ndjson?${RANGE}`);
  assert.ok(clock.breaks >= 1, "no break while a minute is read");
  for (const query of ["user=user7", "format=text", "reverse=true"]) {
    clock.breaks = 0;
    await world.text(`/forsen/chat.ndjson?${RANGE}&${query}`);
    assert.ok(clock.breaks >= LINES / 1_000, `${query}: ${clock.breaks} breaks`);
  }
});

test("a batch that is parsed in parts is what it is in one, to the line at fault", async () => {
  const store = memoryStore();
  const whole = bigBatch();
  const broken = new Uint8Array([...whole, ...UTF8.encode('{"command":1}\n')]);
  const load = async (bytes: Uint8Array, rest?: () => Promise<void>) => {
    const key = batchKey("forsen", { timeUs: NOON_S * 1e6, digest: await hasher.digest(bytes) });
    await store.put(key, bytes);
    return await loadBatch(key, { store, hasher, isRedacted: undefined, rest });
  };
  let rests = 0;
  const rest = async () => await Promise.resolve(void rests++);
  const loaded = await load(whole, rest);
  assert.ok(rests >= 3, `${rests} rests`);
  assert.ok(loaded?.ok);
  assert.deepEqual(loaded.sightings.encode(), whole);
  const faulty = await load(broken, rest);
  assert.ok(faulty?.ok === false);
  assert.equal(faulty.fault.line, LINES + 1);
  assert.deepEqual(faulty, await load(broken));
});

test("two heavy reads run at a time, the next ones in line, also after one that fails", async () => {
  const reads = new HeavyReads();
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const runs = ["a", "b", "c", "d"].map((name) =>
    reads.run(async () => {
      order.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (name === "a") throw new Error("broken");
    })
  );
  const first = assert.rejects(runs[0]!, /broken/);
  assert.deepEqual(order, ["a", "b"]);
  ends[0]!();
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, ["a", "b", "c"]);
  ends[1]!();
  ends[2]!();
  await Promise.all([runs[1], runs[2]]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, ["a", "b", "c", "d"]);
  ends[3]!();
  await runs[3];
});

test("of many open readings those used last stay open", () => {
  const reads = new HeavyReads();
  const closed: number[] = [];
  const readings = Array.from({ length: 6 }, (_, i) => ({ close: () => void closed.push(i) }));
  for (const reading of readings.slice(0, 4)) reads.keepOpen(reading);
  reads.keepOpen(readings[0]!);
  reads.keepOpen(readings[4]!);
  assert.deepEqual(closed, [1]);
  reads.forget(readings[2]!);
  reads.keepOpen(readings[5]!);
  assert.deepEqual(closed, [1]);
});
