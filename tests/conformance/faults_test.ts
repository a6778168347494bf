import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../src/core/errors/errors.ts";
import {
  failNth,
  type Fault,
  faultyJournal,
  faultyStore,
  seededFaults,
  seededRandom,
  SimulatedCrash,
} from "../../src/testing/mod.ts";
import { collect, someBytes } from "../../src/testing/suites/suite.ts";
import { keyOf } from "./batch_keys.ts";

const CODE = (code: string) => (error: unknown) =>
  error instanceof ChatloomError && error.code === code;

test("faultyStore fails the call that is planned, before or after it did its work", async () => {
  const outcomes: [Fault, code: string, isStored: boolean][] = [
    ["full", "STORE_FULL", false],
    ["denied", "STORE_DENIED", false],
    ["io", "STORE_IO", false],
    ["lost-answer", "STORE_IO", true],
  ];
  for (const [fault, code, isStored] of outcomes) {
    const store = faultyStore(memoryStore(), { plan: failNth(2, fault, "put") });
    await store.put(keyOf(1), someBytes(1));
    assert.equal(await store.get(keyOf(2)), undefined);
    await assert.rejects(store.put(keyOf(2), someBytes(2)), CODE(code));
    assert.equal(await store.get(keyOf(2)) !== undefined, isStored, fault);
    await store.put(keyOf(2), someBytes(2));
    assert.equal((await collect(store.list(""))).length, 2);
    assert.equal(store.callCount, 6);
  }
});

test("faultyStore is dead after a crash, until it is revived", async () => {
  for (const fault of ["crash-before", "crash-after"] as const) {
    const store = faultyStore(memoryStore(), { plan: failNth(3, fault) });
    await store.put(keyOf(1), someBytes(1));
    const listing = store.list("")[Symbol.asyncIterator]();
    await listing.next();
    await assert.rejects(store.put(keyOf(2), someBytes(2)), SimulatedCrash);
    await assert.rejects(listing.next(), SimulatedCrash);
    await assert.rejects(store.get(keyOf(1)), SimulatedCrash);
    await assert.rejects(collect(store.strays("")), SimulatedCrash);
    assert.ok(store.crash instanceof SimulatedCrash);
    store.revive();
    const isStored = fault === "crash-after";
    assert.equal(await store.get(keyOf(2)) !== undefined, isStored);
    assert.equal((await collect(store.strays(""))).length, isStored ? 0 : 1);
    assert.equal((await collect(store.strays("other/"))).length, 0);
  }
});

test("a crash meets calls that were waiting", async () => {
  const { promise, resolve } = deferred();
  const store = faultyStore(memoryStore(), {
    plan: failNth(2, "crash-before"),
    delay: ({ number }) => number === 1 ? promise : undefined,
  });
  const first = store.put(keyOf(1), someBytes(1));
  await assert.rejects(store.put(keyOf(2), someBytes(2)), SimulatedCrash);
  resolve();
  await assert.rejects(first, SimulatedCrash);
  store.revive();
  assert.deepEqual(await collect(store.list("")), []);
});

test("seededFaults are the same for the same seed, and as many as asked for", () => {
  const faults = ["full", "io"] as const;
  const draw = (seed: string) => {
    const plan = seededFaults(seededRandom(seed), { rate: 0.25, faults });
    return Array.from({ length: 4000 }, (_, n) => plan({ number: n, method: "put", subject: "" }));
  };
  assert.deepEqual(draw("a"), draw("a"));
  assert.notDeepEqual(draw("a"), draw("b"));
  for (const fault of faults) {
    const count = draw("a").filter((each) => each === fault).length;
    assert.ok(count > 400 && count < 600, `${fault}: ${count}`);
  }
});

test("faultyJournal fails calls to the journal, its runs and its dead runs", async () => {
  const methods = ["openRun", "append", "sync", "rotate", "release", "close"];
  for (const method of [...methods, "deadRuns", "segments", "read", "setAside", "remove"]) {
    for (const fault of ["full", "io", "lost-answer"] as const) {
      const journal = faultyJournal(memoryJournal(), { plan: failNth(1, fault, method) });
      const failed = await live(journal);
      assert.deepEqual(failed, [`${method} ${fault === "full" ? "STORE_FULL" : "JOURNAL_IO"}`]);
    }
  }
});

test("faultyJournal has a failed append leave nothing, whatever was planned", async () => {
  for (const fault of ["full", "io", "lost-answer"] as const) {
    const memory = memoryJournal();
    const run = await faultyJournal(memory, { plan: failNth(2, fault) }).openRun("node");
    assert.throws(() => run.append(someBytes(10)), ChatloomError);
    memory.crash();
    const [dead] = await collect(memory.deadRuns());
    assert.deepEqual(await collect(dead!.read(1)), []);
  }
});

/** Uses a journal in every way, each again if it fails. What failed, and how. */
async function live(journal: ReturnType<typeof faultyJournal>): Promise<string[]> {
  const failed: string[] = [];
  const attempt = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failed.push(`${name} ${(error as ChatloomError).code}`);
      return await work();
    }
  };
  const run = await attempt("openRun", () => journal.openRun("node"));
  await attempt("append", () => run.append(someBytes(5)));
  await attempt("sync", () => run.sync());
  await attempt("rotate", () => run.rotate());
  await attempt("release", () => run.release(1));
  await attempt("close", () => run.close());
  const dead = (await attempt("deadRuns", () => collect(journal.deadRuns()))).at(-1)!;
  await attempt("segments", () => collect(dead.segments()));
  await attempt("read", () => collect(dead.read(2)));
  await attempt("setAside", () => dead.setAside(someBytes(3)));
  await attempt("remove", () => dead.remove());
  return failed;
}

test("memoryJournal keeps what was synced when the power is cut, and tears the rest", async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const journal = memoryJournal();
    const run = await journal.openRun("node");
    run.append(someBytes(10));
    await run.sync();
    run.append(someBytes(5, 3));
    journal.crash({ powerCut: seededRandom(seed) });
    assert.throws(() => run.append(someBytes(1)), CODE("JOURNAL_IO"));
    const [dead] = await collect(journal.deadRuns());
    const bytes = (await collect(dead!.read(1))).flatMap((piece) => [...piece]);
    const all = [...someBytes(10), ...someBytes(5, 3)];
    assert.deepEqual(bytes, all.slice(0, bytes.length));
    assert.ok(bytes.length >= 10);
    lengths.add(bytes.length);
  }
  assert.deepEqual([...lengths].sort((a, b) => a - b), [10, 11, 12, 13, 14, 15]);
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}
