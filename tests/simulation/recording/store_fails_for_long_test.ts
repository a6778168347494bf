import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { RecordingWorld } from "./recording_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "store fails for long";
const CHANNELS = ["forsen", "ada_lovelace"];
const WAITING_MAX_BYTES = 300_000;

/** A world whose store takes nothing while `isDenied` says so of a key. */
function worldOf(seed: string, waitingMaxBytes = WAITING_MAX_BYTES) {
  const inner = memoryStore();
  const fails: { isDenied: (key: string) => boolean } = { isDenied: () => false };
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    get: (...args) => inner.get(...args),
    delete: (...args) => inner.delete(...args),
    put: (key, ...rest) =>
      fails.isDenied(key)
        ? Promise.reject(new ChatloomError("STORE_DENIED", "Cannot store"))
        : inner.put(key, ...rest),
  };
  const journals = memoryJournal();
  /** The segment of each time that one was read back. */
  const reads: number[] = [];
  /** What was read then. */
  const pieces: Uint8Array[] = [];
  const world = new RecordingWorld({
    seed,
    channels: CHANNELS,
    store,
    waitingMaxBytes,
    recordersJournals: {
      deadRuns: () => journals.deadRuns(),
      async openRun(node) {
        const run = await journals.openRun(node);
        const read = run.read!.bind(run);
        return Object.assign(run, {
          async *read(number: number) {
            reads.push(number);
            for await (const piece of read(number)) yield (pieces.push(piece), piece);
          },
        });
      },
    },
    journals,
    twitch: { faults: { perSecond: { drop: 0.005 } } },
  });
  return { world, fails, store, reads, pieces };
}

/** Lets minutes pass; returns the most memory that was held and the most batches that waited. */
async function passMinutes(world: RecordingWorld, minutes: number) {
  let [heldBytes, pendingBatches] = [0, 0];
  await world.pass(60 * minutes, () => {
    const state = world.recorder.state();
    heldBytes = Math.max(heldBytes, state.heldBytes);
    pendingBatches = Math.max(pendingBatches, state.pendingBatches);
  });
  return { heldBytes, pendingBatches };
}

test("Recorder holds a bounded part of what a failing store does not take, and stores all of it", async () => {
  const { world, fails } = worldOf(SEED);
  await world.start();
  const before = await passMinutes(world, 4);
  fails.isDenied = () => true;
  const during = await passMinutes(world, 40);
  assert.ok(during.pendingBatches > 70, `${during.pendingBatches} waited`);
  const allowed = before.heldBytes + WAITING_MAX_BYTES + 200_000; // One batch more than fits.
  assert.ok(during.heldBytes < allowed, `${during.heldBytes} of ${allowed} bytes held`);
  fails.isDenied = () => false;
  const after = await passMinutes(world, 4);
  assert.equal(world.recorder.state().pendingBatches, 0);
  assert.ok(after.heldBytes < allowed + WAITING_MAX_BYTES, `${after.heldBytes} bytes held`);
  assert.equal(world.reports.filter((each) => /can be written again/.test(each)).length, 1);
  await world.stop();
  await world.end();
  await world.assertComplete();
  for await (const run of world.journals.deadRuns()) assert.fail(`${run.name} was left behind`);
});

test("Recorder reads the journal back in few passes: as many batches at a time as memory has room for", async () => {
  const { world, fails, reads, pieces } = worldOf(SEED, 1_500_000);
  await world.start();
  fails.isDenied = () => true;
  await passMinutes(world, 40);
  const segments = world.recorder.state().pendingBatches / CHANNELS.length; // One begins each minute.
  assert.equal(reads.length, 0);
  fails.isDenied = () => false;
  await passMinutes(world, 2);
  assert.equal(world.recorder.state().pendingBatches, 0);
  // Read channel by channel, or a batch at a time, each would be read twice and more.
  assert.ok(reads.length >= segments / 2, `${reads.length} reads: nothing was read back`);
  assert.ok(reads.length <= 1.6 * segments, `${reads.length} reads of ${segments} segments`);
  const left = pieces.filter((piece) => piece.length > 0).length;
  if ("transfer" in ArrayBuffer.prototype) {
    assert.equal(left, 0, "pieces were left to the garbage collector");
  }
  await world.stop();
  await world.end();
  await world.assertComplete();
});

test("Recorder stores what it read back as the very files that it would have stored", async () => {
  const names: string[][] = [];
  for (const isFailing of [false, true]) {
    const { world, fails, store } = worldOf(SEED);
    await world.start();
    await world.pass(100);
    fails.isDenied = () => isFailing;
    await world.pass(900);
    fails.isDenied = () => false;
    await world.pass(100);
    await world.stop();
    await world.end();
    const keys: string[] = [];
    for await (const key of store.list("")) if (key.endsWith(".json")) keys.push(key);
    names.push(keys.filter((key) => !key.includes("coverage")));
  }
  assert.ok(names[0]!.length > 30);
  assert.deepEqual(names[1], names[0]);
});

test("Recorder stores other channels while one is denied, and that one when it is not any more", async () => {
  const { world, fails } = worldOf(SEED);
  await world.start();
  await world.pass(60);
  fails.isDenied = () => true;
  await world.pass(900);
  fails.isDenied = (key) => key.startsWith("forsen/");
  await world.pass(300);
  const stored = await world.archived();
  const count = stored.filter(({ params }) => params[0] === "#ada_lovelace").length;
  assert.ok(count > 3_000, `${count} of ada_lovelace`);
  assert.ok(world.recorder.state().pendingBatches < 30);
  fails.isDenied = () => false;
  await world.pass(60);
  assert.equal(world.recorder.state().pendingBatches, 0);
  await world.stop();
  await world.end();
  await world.assertComplete();
});

test("Recorder that ends or dies while batches wait in the journal alone leaves them there", async () => {
  for (const dies of [false, true]) {
    const { world, fails } = worldOf(SEED);
    await world.start();
    await world.pass(60);
    fails.isDenied = () => true;
    await world.pass(900);
    if (dies) await world.crash();
    else await assert.rejects(world.stop(), { code: "STORE_DENIED" });
    fails.isDenied = () => false;
    await world.end();
    await world.recover();
    await world.assertComplete();
  }
});

test("Recorder that ends just when the store works again stores what waits in the journal", async () => {
  const { world, fails } = worldOf(SEED);
  await world.start();
  await world.pass(60);
  fails.isDenied = () => true;
  await world.pass(900);
  fails.isDenied = () => false;
  await world.stop();
  await world.end();
  await world.assertComplete();
});
