import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import type { JournalStore } from "../../../src/ports/journal_store.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { archivedOf, RecordingWorld } from "./recording_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "journal lost";
const CHANNELS = ["forsen", "ada_lovelace"];
const SEEDS = Number(globalThis.process?.env["SIM_SEEDS"] ?? 4);
const IS_NEWS = (report: string) => report.startsWith("error") && /[Tt]he journal/.test(report);

/** Takes the recorder's journal away: another process recovers it, or a user deletes it. */
async function takeJournal(
  world: RecordingWorld,
  { isRecovered }: { readonly isRecovered: boolean },
): Promise<void> {
  const { journals } = world;
  // The last that was opened is the one that is written.
  for (let n = 1; n < 9; n++) journals.takeForDead(`node.0000${n}`);
  // One that is written while it is recovered stays, until it is recovered again.
  for (let left; (left = await collect(journals.deadRuns())).length > 0;) {
    if (isRecovered) await world.recover();
    else for (const run of left) await run.remove();
  }
}

for (const isRecovered of [true, false]) {
  const how = isRecovered ? "recovered by another process" : "deleted";
  test(`Recorder whose journal is ${how} has all in another one, whenever it dies`, async () => {
    for (let i = 0; i < SEEDS; i++) {
      const seed = `${SEED} ${i}`;
      const world = new RecordingWorld({
        seed,
        channels: CHANNELS,
        copies: 1 + i % 2,
        twitch: { faults: { perSecond: { drop: 0.02 } } },
      });
      await world.start();
      await world.pass(20 + Math.floor(world.random.next() * 200));
      for (let times = 1; times <= 1 + i % 3; times++) {
        await takeJournal(world, { isRecovered });
        await world.pass(2 + Math.floor(world.random.next() * 100));
        const news = world.reports.filter(IS_NEWS);
        assert.equal(news.length, times, `${news.join("; ")}, SIM_SEED=${seed}`);
      }
      await world.crash();
      await world.recover();
      await world.settle();
      await world.end();
      const count = await world.assertComplete();
      assert.ok(count > 100, `only ${count} sightings, SIM_SEED=${seed}`);
    }
  });
}

test("Recorder whose journal was lost stops with all batches stored", async () => {
  const world = new RecordingWorld({ seed: SEED, channels: CHANNELS });
  await world.start();
  await world.pass(100);
  await takeJournal(world, { isRecovered: false });
  await world.pass(100);
  await world.stop();
  await world.end();
  await world.assertComplete();
  assert.deepEqual(await collect(world.journals.deadRuns()), []);
});

test("Recorder writes the same bytes again from a journal that took another's place", async () => {
  const world = new RecordingWorld({ seed: SEED, channels: CHANNELS });
  await world.start();
  await world.pass(100);
  await takeJournal(world, { isRecovered: false });
  await world.pass(100);
  await world.crash();
  await world.recover();
  await world.recover();
  const receivers = new Set(
    (await world.archived()).flatMap((each) => Object.keys(each.receivers)),
  );
  assert.deepEqual([...receivers], ["node.00001.1"]);
  await world.end();
  await world.assertComplete();
});

test("Recorder answers no PING for lines that no journal has, while it begins another", async () => {
  const journals = memoryJournal();
  let opened = 0;
  let isDead = false;
  const slow: JournalStore = {
    deadRuns: () => journals.deadRuns(),
    async openRun(node) {
      if (opened++ > 0) await world.clock.sleep(2_500);
      if (isDead) throw new ChatloomError("JOURNAL_IO", "Cannot open a journal");
      return await journals.openRun(node);
    },
  };
  const world: RecordingWorld = new RecordingWorld({
    seed: SEED,
    channels: CHANNELS,
    journals,
    recordersJournals: slow,
    twitch: { probeEvery: 1 },
  });
  await world.start();
  await world.pass(40);
  await takeJournal(world, { isRecovered: true });
  await world.pass(2);
  isDead = true;
  await world.crash();
  await world.recover();
  await world.settle();
  const archived = new Set((await world.archived()).map(({ tags }) => tags?.["id"]));
  const { truth } = world.twitch;
  let answered = 0;
  let lost = 0;
  for (const { connection } of truth.connections) {
    const acknowledged = truth.acknowledgedBy(connection).map(({ line }) => line);
    for (const { tags } of archivedOf(acknowledged)) {
      if (!tags?.["id"]) continue;
      answered++;
      if (!archived.has(tags["id"])) lost++;
    }
  }
  assert.equal(lost, 0);
  assert.ok(answered > 50, `only ${answered}`);
  const heard = world.expectedSightings().length;
  assert.ok(
    heard > (await world.archivedSightings()).length,
    "nothing came while it had no journal",
  );
  await world.end();
});

test("Recorder goes on in memory while no other journal can be begun, and says so once", async () => {
  const journals = memoryJournal();
  let isBroken = false;
  const world = new RecordingWorld({
    seed: SEED,
    channels: CHANNELS,
    journals,
    recordersJournals: {
      deadRuns: () => journals.deadRuns(),
      openRun: (node) =>
        isBroken
          ? Promise.reject(new ChatloomError("STORE_DENIED", "Cannot open a journal"))
          : journals.openRun(node),
    },
  });
  await world.start();
  await world.pass(40);
  isBroken = true;
  await takeJournal(world, { isRecovered: false });
  await world.pass(60);
  assert.deepEqual(world.reports.filter(IS_NEWS), [
    "error The journal was lost and cannot be renewed: lines are kept in memory",
  ]);
  isBroken = false;
  await world.pass(10);
  await world.crash();
  await world.recover();
  await world.end();
  await world.assertComplete();
});
