import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { minutePrefix } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { RecordingWorld } from "./recording_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "recorder";
const CHANNELS = ["forsen", "ada_lovelace"];
// A few in every run; SIM_SEEDS asks for more.
const SEEDS = Number(globalThis.process?.env["SIM_SEEDS"] ?? 3);

test("Recorder archives every line that it was given, once, through all troubles", async () => {
  for (let i = 0; i < SEEDS; i++) {
    const seed = `${SEED} ${i}`;
    const perSecond = { close: 0.01, drop: 0.01, "half-open": 0.005, reconnect: 0.01, stall: 0.02 };
    const world = new RecordingWorld({
      seed,
      channels: CHANNELS,
      copies: 2,
      twitch: { faults: { perSecond, refuseChance: 0.1 }, framing: { splitChance: 0.2 } },
    });
    await world.start();
    await world.pass(300);
    await world.stop();
    await world.end();
    const count = await world.assertComplete();
    assert.ok(count > 1_000, `only ${count} sightings, SIM_SEED=${seed}`);
    for await (const run of world.journals.deadRuns()) assert.fail(`${run.name} was left behind`);
  }
});

test("Recorder writes a minute while it records, and what comes late into another file", async () => {
  const world = new RecordingWorld({ seed: SEED, channels: ["forsen"] });
  await world.start();
  await world.pass(240);
  const ended = Math.floor((world.twitch.nowUs - 2 * MINUTE_US - 5_000_000) / MINUTE_US) *
    MINUTE_US;
  const filesThen = () => keys(world.store, minutePrefix("forsen", ended));
  assert.equal((await filesThen()).length, 1);
  assert.ok(world.recorder.state().openBatches <= 4);
  const line = `@id=late;tmi-sent-ts=${ended / 1000} :a!a@a.tmi.twitch.tv PRIVMSG #forsen :late`;
  world.twitch.publish({ channel: "forsen", line });
  await world.pass(150);
  assert.equal((await filesThen()).length, 2);
  await world.stop();
  await world.end();
  await world.assertComplete();
});

test("Recorder keeps equal lines of one frame apart, and is not confused by a wall clock", async () => {
  const world = new RecordingWorld({ seed: SEED, channels: ["forsen"], twitch: { chat: false } });
  await world.start({ wallOffsetUs: -5 * MINUTE_US });
  await world.pass(20);
  for (let i = 0; i < 300; i++) {
    if (i % 50 === 0) world.clock.stepWall(seededRandom(`${SEED}${i}`).next() < 0.5 ? -7e6 : 7e6);
    for (const text of ["on", "off", "on"]) {
      const line = `@msg-id=slow_${text} :tmi.twitch.tv NOTICE #forsen :slow ${text}`;
      world.twitch.publish({ channel: "forsen", line });
    }
    await world.pass(1);
  }
  await world.stop();
  await world.end();
  assert.equal(await world.assertComplete(), 900);
});

test("Recorder goes on while the store fails, and loses nothing once it works again", async () => {
  const { store, fail } = failingStore();
  const world = new RecordingWorld({ seed: SEED, channels: CHANNELS, store });
  await world.start();
  await world.pass(60);
  fail(true);
  await world.pass(400);
  assert.ok(world.recorder.state().pendingBatches > 5);
  assert.equal(world.reports.filter((each) => /archive cannot be written/.test(each)).length, 1);
  fail(false);
  await world.pass(60);
  assert.equal(world.recorder.state().pendingBatches, 0);
  await world.stop();
  await world.end();
  await world.assertComplete();
});

test("Recorder rejects when the last batches cannot be stored, and the journal has them", async () => {
  const { store, fail } = failingStore();
  const world = new RecordingWorld({ seed: SEED, channels: CHANNELS, store });
  await world.start();
  await world.pass(100);
  fail(true);
  await assert.rejects(world.stop(), { code: "STORE_FULL" });
  fail(false);
  await world.end();
  await world.recover();
  await world.assertComplete();
});

test("recoverJournals keeps aside what a power cut tore, and restores what was synced", async () => {
  for (let i = 0; i < SEEDS; i++) {
    const seed = `${SEED} ${i}`;
    const world = new RecordingWorld({ seed, channels: CHANNELS });
    await world.start();
    await world.pass(150);
    await world.clock.advance(world.random.next() * 1_000);
    const heard = world.expectedSightings().length;
    await world.crash({ powerCut: world.random });
    await world.end();
    await world.recover();
    const found = await world.archivedSightings();
    const expected = new Set(world.expectedSightings());
    assert.ok(found.every((sighting) => expected.has(sighting)), `SIM_SEED=${seed}`);
    // Ten lines a second, a second between flushes, and some chance.
    assert.ok(found.length >= heard - 40, `${found.length} of ${heard}, SIM_SEED=${seed}`);
    assert.ok(world.journals.aside.length <= 1);
  }
});

test("recoverJournals restores the same batches after a crash at any moment, also after another", async () => {
  for (let i = 0; i < SEEDS; i++) {
    const seed = `${SEED} ${i}`;
    const world = new RecordingWorld({
      seed,
      channels: CHANNELS,
      twitch: { faults: { perSecond: { drop: 0.02 } } },
    });
    for (let life = 0; life < 3; life++) {
      await world.start();
      await world.pass(30 + Math.floor(world.random.next() * 200));
      await world.clock.advance(world.random.next() * 1_000);
      await world.crash();
    }
    await world.end();
    const before = await keys(world.store);
    await world.recover();
    const after = await keys(world.store);
    assert.ok(before.every((key) => after.includes(key)), `SIM_SEED=${seed}`);
    await world.assertComplete();
    await world.recover();
    assert.deepEqual(await keys(world.store), after);
  }
});

async function keys(store: BatchStore, prefix = ""): Promise<string[]> {
  const all: string[] = [];
  for await (const key of store.list(prefix)) {
    if (parseArchiveKey(key)?.kind === "batch") all.push(key);
  }
  return all;
}

function failingStore(): { store: BatchStore; fail: (isFailing: boolean) => void } {
  const inner = memoryStore();
  let isFailing = false;
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    get: (...args) => inner.get(...args),
    delete: (...args) => inner.delete(...args),
    put: (...args) =>
      isFailing
        ? Promise.reject(new ChatloomError("STORE_FULL", "Cannot store"))
        : inner.put(...args),
  };
  return { store, fail: (value) => void (isFailing = value) };
}
