import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryUnsettled } from "../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { ChannelFiles } from "../../../src/engine/read/files/channel_files.ts";
import { KnownBatches } from "../../../src/engine/settle/known_batches.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { Unsettled } from "../../../src/engine/settle/unsettled.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  redactionFile,
  storeWith,
  WORLD_US,
} from "../../simulation/settle/settle_world.ts";
import { deferred } from "../deferred.ts";

/** The name of some batch of the `minute`th minute of the world. */
function keyOf(minute: number, text = "x"): string {
  const digest = hasher.digest(new TextEncoder().encode(text));
  return batchKey(CHANNEL, { timeUs: WORLD_US + minute * MINUTE_US, digest });
}

test("KnownBatches vouches for a minute of one receiver, and those beside it", async () => {
  const settled = async (
    files: readonly (readonly [minute: number, receiver?: string, text?: string])[],
    { tombstone, atUs = WORLD_US }: { readonly tombstone?: number; readonly atUs?: number } = {},
  ): Promise<boolean> => {
    const store = memoryStore();
    const known = new KnownBatches();
    for (const [minute, receiver, text] of files) {
      await store.put(keyOf(minute, text), new Uint8Array());
      if (receiver !== undefined) known.note(keyOf(minute, text), receiver);
    }
    if (tombstone !== undefined) {
      await store.put(keyOf(tombstone, "hidden").replace(".json", ".tombstone"), new Uint8Array());
    }
    const channelFiles = new ChannelFiles(CHANNEL, { store, hasher, reporter: noopReporter });
    return await known.areSettled(atUs, { store, files: channelFiles });
  };
  assert.equal(await settled([]), false, "nothing is known of it");
  assert.equal(await settled([[0, "a"]]), true);
  assert.equal(await settled([[0]]), false);
  assert.equal(await settled([[0, "a"], [0, "a", "y"]]), false);
  for (const beside of [-1, 1]) {
    assert.equal(await settled([[0, "a"], [beside, "a"]]), true);
    assert.equal(await settled([[0, "a"], [beside, "b"]]), false, `${beside}`);
    assert.equal(await settled([[0, "a"], [beside]]), false, `${beside}`);
    assert.equal(await settled([[0, "a"], [beside, "a"], [beside, "a", "y"]]), false);
    assert.equal(await settled([[0, "a"]], { tombstone: beside }), false);
    assert.equal(await settled([[0, "a"], [2 * beside, "b"]]), true);
    assert.equal(await settled([[beside, "a"]]), false);
  }
  assert.equal(await settled([[0, "a"]], { tombstone: 0 }), false);
});

test("KnownBatches knows the last 4,096", async () => {
  const store = memoryStore();
  const known = new KnownBatches();
  const files = new ChannelFiles(CHANNEL, { store, hasher, reporter: noopReporter });
  await store.put(keyOf(0), new Uint8Array());
  known.note(keyOf(0), "a");
  for (let i = 1; i < 16_384; i++) known.note(`other/${i}`, "a");
  assert.equal(await known.areSettled(WORLD_US, { store, files }), true);
  known.note(keyOf(0), "a"); // Now it is the latest one.
  known.note("other/x", "a");
  assert.equal(await known.areSettled(WORLD_US, { store, files }), true);
  for (let i = 1; i <= 16_384; i++) known.note(`other/y${i}`, "a");
  assert.equal(await known.areSettled(WORLD_US, { store, files }), false);
});

test("inProcessLock gives turns in order, by name, and goes on past a failure", async () => {
  const store = memoryStore();
  assert.equal(inProcessLock(store), inProcessLock(store));
  assert.notEqual(inProcessLock(store), inProcessLock(memoryStore()));
  const lock = inProcessLock(store);
  const done: string[] = [];
  const first = deferred<void>();
  const runs = [
    lock.hold("a", async () => {
      await first.promise;
      done.push("first");
      throw new RangeError("first");
    }).catch(() => {}),
    lock.hold("a", () => Promise.resolve(void done.push("second"))),
    lock.hold("b", () => Promise.resolve(void done.push("other"))),
  ];
  const stop = new AbortController();
  const gone = lock.hold("a", () => Promise.resolve(void done.push("gone")), stop);
  await runs[2];
  assert.deepEqual(done, ["other"]);
  stop.abort(new Error("enough"));
  first.resolve();
  await assert.rejects(gone, /enough/);
  await Promise.all(runs);
  assert.deepEqual(done, ["other", "first", "second"]);
  await assert.rejects(lock.hold("a", () => Promise.resolve(), stop), /enough/);
  assert.equal(await lock.hold("a", () => Promise.resolve(7)), 7);
});

/** A settler of a store of which listings fail while they are told to, and when it looks into it. */
async function settlerWorld(options: Partial<ConstructorParameters<typeof Settler>[0]> = {}) {
  const inner = await storeWith(filesOf([]));
  const clock = (options.clock ?? virtualClock()) as VirtualClock;
  const startUs = clock.elapsedUs();
  let isFailing = false;
  const lookedS: number[] = [];
  const list: typeof inner.list = (...args) => {
    const atS = (clock.elapsedUs() - startUs) / 1e6;
    if (lookedS.at(-1) !== atS) lookedS.push(atS);
    if (isFailing) throw new ChatloomError("STORE_IO", "Cannot list");
    return inner.list(...args);
  };
  const store = { ...inner, list } as typeof inner;
  for (const call of ["folders", "get", "put", "delete", "strays"] as const) {
    store[call] = inner[call].bind(inner) as never;
  }
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock, ...options });
  const stop = new AbortController();
  const running = settler.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
    assert.equal(clock.sleeperCount, 0);
  };
  const fail = (fails: boolean): void => void (isFailing = fails);
  return { settler, clock, store, inner, lookedS, fail, end };
}

test("Settler looks at a minute three seconds after it changed, or after a minute of changes", async () => {
  const { settler, clock, lookedS, end } = await settlerWorld();
  settler.onFileStored(keyOf(0));
  assert.equal(settler.pending, 1);
  await clock.advance(10_000);
  assert.deepEqual(lookedS.splice(0), [3]);
  assert.equal(settler.pending, 0);
  for (let second = 0; second < 70; second++) {
    settler.onFileStored(keyOf(0));
    await clock.advance(1_000);
  }
  assert.deepEqual(lookedS.splice(0), [70]);
  await end();
});

test("Settler tries again after 1, 2, 4 and more seconds, up to a minute", async () => {
  const { settler, clock, lookedS, fail, end } = await settlerWorld();
  fail(true);
  settler.onFileStored(keyOf(0));
  await clock.advance(250_000);
  assert.deepEqual(lookedS, [3, 4, 6, 10, 18, 34, 66, 126, 186, 246]);
  assert.equal(settler.pending, 1);
  fail(false);
  await clock.advance(60_000);
  assert.equal(settler.pending, 0);
  await end();
});

test("Settler keeps minutes, coverage and whole channels apart", async () => {
  const { settler, clock, end } = await settlerWorld();
  const [redaction] = await redactionFile("1");
  const hash = keyOf(0).slice(-48);
  const coverage = `${CHANNEL}/.chatloom/coverage/2026-08-01T23/${hash.slice(0, 43)}.json`;
  const keys = [keyOf(0), keyOf(0, "y"), keyOf(1), redaction, coverage, coverage];
  for (const key of keys) settler.onFileStored(key);
  settler.onFileStored("nothing/of/an/archive");
  assert.equal(settler.pending, 4);
  await clock.advance(3_000);
  assert.equal(settler.pending, 0);
  assert.equal(settler.totals.minutes, 2);
  await end();
});

test("Settler.settleNoted does all at once, and says what it did just now", async () => {
  const files = filesOf([
    { content: 0, isExact: true, receiver: 0, receivedS: 1, startS: 1, lengthS: 0 },
  ]);
  const more = filesOf([
    { content: 1, isExact: true, receiver: 1, receivedS: 2, startS: 2, lengthS: 0 },
  ]);
  const store = await storeWith([...files, ...more]);
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
  for (const key of [...files.keys(), ...more.keys()]) settler.onFileStored(key);
  assert.deepEqual(await settler.settleNoted(), { minutes: 1, written: 1, deleted: 2 });
  assert.deepEqual(await settler.settleNoted(), { minutes: 0, written: 0, deleted: 0 });
  assert.deepEqual(settler.totals, { minutes: 1, written: 1, deleted: 2 });
});

test("Settler settles several channels at once, and the minutes of each one after another", async () => {
  const store = await storeWith(filesOf([]));
  const clock = virtualClock();
  const working = new Map<string, number>();
  let most = 0;
  const settler = new Settler({
    ...{ store, hasher, reporter: noopReporter, clock },
    lock: {
      async hold(channel, work) {
        working.set(channel, (working.get(channel) ?? 0) + 1);
        most = Math.max(most, working.size);
        assert.equal(working.get(channel), 1, channel);
        await new Promise((resolve) => setTimeout(resolve)); // As a database that is asked.
        const done = await work();
        working.delete(channel);
        return done;
      },
    },
  });
  for (let channel = 0; channel < 20; channel++) {
    for (const minute of [0, 5]) {
      settler.onFileStored(keyOf(minute).replace(CHANNEL, `channel_${channel}`));
    }
  }
  const { minutes } = await settler.settleNoted();
  assert.deepEqual([minutes, settler.pending, most], [40, 0, 8]);
});

test("Settler goes on where the caller gave up, and does not count that as a failure", async () => {
  const store = await storeWith(filesOf([]));
  const reports: string[] = [];
  const reporter = { report: (_: string, text: string) => void reports.push(text), count() {} };
  const settler = new Settler({ store, hasher, reporter, clock: virtualClock() });
  settler.onFileStored(keyOf(0));
  await settler.settleNoted({ signal: AbortSignal.abort(new Error("enough")) });
  assert.deepEqual([settler.pending, reports], [1, []]);
  await settler.settleNoted();
  assert.deepEqual([settler.pending, reports], [0, []]);
});

test("Settler tells when it begins to fail, and when it succeeds again, once each", async () => {
  const reports: string[] = [];
  const reporter = {
    report: (severity: string, text: string) => void reports.push(`${severity} ${text}`),
    count() {},
  };
  const { settler, clock, fail, end } = await settlerWorld({ reporter });
  fail(true);
  for (const minute of [0, 5]) settler.onFileStored(keyOf(minute));
  await clock.advance(20_000);
  assert.deepEqual(reports, ["warning Cannot settle the archive for now: nothing is lost"]);
  fail(false);
  await clock.advance(60_000);
  settler.onFileStored(keyOf(0));
  await clock.advance(10_000);
  assert.deepEqual(reports.slice(1), ["info The archive can be settled again"]);
  await end();
});

test("Settler keeps the notes on disk of what it could not settle yet, and of nothing else", async () => {
  const clock = virtualClock();
  const unsettled = new Unsettled(memoryUnsettled(), { clock, reporter: noopReporter });
  const { settler, store, fail, end } = await settlerWorld({ clock, unsettled });
  const watched = unsettled.watch(store);
  const [redaction, bytes] = await redactionFile("1");
  await watched.put(redaction, bytes);
  await watched.put(keyOf(0), new Uint8Array());
  settler.onFileStored(redaction);
  fail(true);
  await clock.advance(700_000);
  assert.equal(settler.pending, 1);
  let places = 0;
  await unsettled.sweep(() => (places++, true), { isLast: true });
  assert.equal(places, 2, "a redaction concerns all hours of its channel");
  fail(false);
  await clock.advance(700_000);
  assert.equal(settler.pending, 0);
  assert.equal(unsettled.sweepUs, Infinity);
  await end();
});

test("Unsettled notes an hour once, and forgets it five minutes after the last put", async () => {
  const clock = virtualClock();
  const notes = memoryUnsettled();
  const changes: string[] = [];
  const unsettled = new Unsettled({
    ...notes,
    add: (place) => (changes.push(`add ${place.hour}`), notes.add(place)),
    remove: (place) => (changes.push(`remove ${place.hour}`), notes.remove(place)),
  }, { clock, reporter: noopReporter });
  const store = unsettled.watch(memoryStore());
  const quiet = (isPending = false) => unsettled.sweep(() => isPending, { isLast: false });
  assert.equal(unsettled.sweepUs, Infinity);
  const startUs = clock.elapsedUs();
  await store.put(keyOf(0), new Uint8Array());
  await store.put(keyOf(1), new Uint8Array());
  const [redaction, bytes] = await redactionFile("1");
  await store.put(redaction, bytes);
  assert.deepEqual(changes.splice(0), ["add 2026-08-01T23", "add "]);
  assert.equal(unsettled.sweepUs - startUs, 300e6);
  await clock.advance(299_999);
  await quiet();
  assert.deepEqual(changes, []);
  await clock.advance(1);
  await quiet(true);
  assert.deepEqual(changes, []);
  assert.equal(unsettled.sweepUs - startUs, 360e6, "a minute after a sweep that found nothing");
  await quiet();
  assert.deepEqual(changes.splice(0), ["remove 2026-08-01T23", "remove "]);
  await store.put(keyOf(0), new Uint8Array());
  await unsettled.sweep(() => false, { isLast: true });
  assert.deepEqual(changes, ["add 2026-08-01T23", "remove 2026-08-01T23"]);
});

test("Unsettled keeps an hour while a put runs, also one that fails, and takes over what was left", async () => {
  const clock = virtualClock();
  const notes = memoryUnsettled([{ channel: "old", hour: "2026-08-01T00" }]);
  const unsettled = new Unsettled(notes, { clock, reporter: noopReporter });
  const inner = memoryStore();
  const putting = deferred<void>();
  inner.put = () => putting.promise;
  const store = unsettled.watch(inner);
  const put = store.put(keyOf(0), new Uint8Array());
  await clock.advance(1_000_000);
  await unsettled.sweep(() => false, { isLast: true });
  assert.notEqual(unsettled.sweepUs, Infinity, "the put runs");
  putting.reject(new RangeError("broken"));
  await assert.rejects(put, /broken/);
  await unsettled.sweep(() => false, { isLast: false });
  assert.notEqual(unsettled.sweepUs, Infinity, "it ended just now");
  await unsettled.sweep(() => false, { isLast: true });
  assert.equal(unsettled.sweepUs, Infinity);
  assert.deepEqual(await unsettled.left(), [{ channel: "old", hour: "2026-08-01T00" }]);
  assert.deepEqual(await unsettled.left(), []);
  assert.equal(unsettled.sweepUs - clock.elapsedUs(), 300e6);
});
