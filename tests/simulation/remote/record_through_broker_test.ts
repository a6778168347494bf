import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { collect } from "../../../src/async/collect.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { type BrokerTrouble, faultyBroker } from "../../../src/testing/faults/faulty_broker.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { type RunningWorker, runWorker } from "../../engine/remote/worker/running_worker.ts";
import { RecordingWorld } from "../recording/recording_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "broker";
// A few in every run; SIM_SEEDS asks for more.
const SEEDS = Number(globalThis.process?.env["SIM_SEEDS"] ?? 2);
/** SIM_OUTAGE_S=3600 makes it an hour. */
const OUTAGE_S = Number(globalThis.process?.env["SIM_OUTAGE_S"] ?? 1_200);
/** For what was lost in trouble: it is sent again after two waits of a minute each. */
const CALM_S = 200;
const CHANNELS = ["forsen", "ada_lovelace", "xqc"];
const hasher = await wasmHasher();

const TROUBLE: BrokerTrouble = {
  ...{ drop: 0.1, loseConfirmed: 0.1, double: 0.15, delay: 0.3, breakLink: 0.05 },
};

/** A recorder whose store is behind a broker in trouble, and workers. */
function worldOf(seed: string, { through = (archive) => archive, waitingMaxBytes }: {
  /** What workers take for the archive. */
  readonly through?: (archive: BatchStore) => BatchStore;
  readonly waitingMaxBytes?: number;
} = {}) {
  const [clock, plain, reads] = [virtualClock(), memoryBroker(), memoryStore()];
  const random = seededRandom(seed).fork("broker");
  const state: { trouble: BrokerTrouble } = { trouble: {} };
  const broker = faultyBroker(plain, { random, clock, trouble: () => state.trouble });
  // The world makes the reporter, and the store needs it.
  const store: BatchStore = {
    list: (...args) => reads.list(...args),
    folders: (...args) => reads.folders(...args),
    strays: (...args) => reads.strays(...args),
    get: (...args) => reads.get(...args),
    put: (...args) => remote.put(...args),
    delete: (...args) => remote.delete(...args),
  };
  const world = new RecordingWorld({
    ...{ seed, clock, store, channels: CHANNELS, copies: 2 },
    ...(waitingMaxBytes === undefined ? {} : { waitingMaxBytes }),
    twitch: { faults: { perSecond: { drop: 0.005 } } },
  });
  const remote: RemoteStore = new RemoteStore({
    ...{ broker, reads, clock, archive: "main", sender: "node", compresses: false },
    ...{ random: random.fork("sender"), reporter: world.reporter },
  });
  let worker: RunningWorker | undefined;
  return {
    ...{ world, plain, reads, state, remote },
    /** Starts a worker in the place of the one before, which gives back what it has not stored. */
    async startWorker() {
      await clock.run(worker?.stop() ?? Promise.resolve());
      worker = runWorker({
        ...{ broker, store: through(reads), clock, reporter: world.reporter },
        random: random.fork("worker"),
      });
    },
    async end() {
      state.trouble = {};
      await this.startWorker();
      await world.pass(CALM_S);
      await world.stop();
      await world.clock.run(remote.close({ graceMs: 60_000 }));
      await clock.run(worker!.stop());
      await world.end();
    },
  };
}

/** The chat that an archive holds once it is settled. When coverage is looked at moves it by a second. */
async function settled(store: BatchStore): Promise<Map<string, string>> {
  await settleArchive({ store, hasher, reporter: noopReporter });
  const keys = (await collect(store.list(""))).filter((key) => key.includes("/chat/"));
  const texts = await Promise.all(keys.map((key) => store.get(key)));
  return new Map(keys.map((key, i) => [key, new TextDecoder().decode(texts[i])]));
}

/** What the same recorder archives into a store beside it. */
async function recordedLocally(seed: string, seconds: number) {
  const local = new RecordingWorld({
    ...{ seed, channels: CHANNELS, copies: 2 },
    twitch: { faults: { perSecond: { drop: 0.005 } } },
  });
  await local.start();
  let heldBytes = 0;
  await local.pass(seconds + CALM_S, () => {
    heldBytes = Math.max(heldBytes, local.recorder.state().heldBytes);
  });
  await local.stop();
  await local.end();
  return { files: await settled(local.store), heldBytes };
}

test("a recorder loses nothing through a broker that loses, repeats, delays and dies", async () => {
  let lostCount = 0;
  for (let i = 0; i < SEEDS; i++) {
    const seed = `${SEED} ${i}`;
    const faulty = worldOf(seed);
    const { world, plain, state, reads } = faulty;
    const chance = seededRandom(seed).fork("deaths");
    await faulty.startWorker();
    state.trouble = TROUBLE;
    await world.start();
    for (let minute = 0; minute < 6; minute++) {
      await world.pass(60, () => {
        if (chance.next() < 0.02) plain.restart();
      });
      await faulty.startWorker(); // It died with its link, or another takes over.
    }
    await faulty.end();
    const count = await world.assertComplete();
    assert.ok(count > 1_000, `only ${count} sightings, SIM_SEED=${seed}`);
    lostCount += world.counts.get("remote_messages lost") ?? 0;
    const replay = `replay with SIM_SEED=${seed}`;
    assert.deepEqual(await settled(reads), (await recordedLocally(seed, 360)).files, replay);
  }
  assert.ok(lostCount > 0, "no message was lost on its way");
});

test("a broker that is away from the start and for long costs nothing but time and journal", async () => {
  const limit = 300_000;
  const faulty = worldOf(SEED, { waitingMaxBytes: limit });
  const { world, plain, reads } = faulty;
  plain.stop();
  await world.start();
  let heldBytes = 0;
  await world.pass(OUTAGE_S, () => {
    heldBytes = Math.max(heldBytes, world.recorder.state().heldBytes);
  });
  assert.ok(world.recorder.state().pendingBatches > 45);
  const told = world.reports.filter((each) => /broker/i.test(each));
  assert.deepEqual(told, ["error The broker cannot be used: it is tried again until it can"]);
  assert.ok(world.counts.get("broker_failures STORE_UNREACHABLE")! > 100);
  plain.start();
  await faulty.startWorker();
  await world.pass(300);
  assert.ok(world.recorder.state().pendingBatches < 10);
  assert.equal(world.reports.filter((each) => /broker can be used again/.test(each)).length, 1);
  await faulty.end();
  await world.assertComplete();
  const local = await recordedLocally(SEED, OUTAGE_S + 300);
  assert.deepEqual(await settled(reads), local.files);
  // What is open, and what may wait, and one batch more; the rest is read back from the journal.
  const allowed = local.heldBytes + limit + 200_000;
  assert.ok(heldBytes < allowed, `${heldBytes} of ${allowed} bytes held`);
});

test("a worker that says stored before it has stored is found", async () => {
  let puts = 0;
  const faulty = worldOf(SEED, {
    // Its machine dies now and then between its word and its deed.
    through: (archive) => ({
      list: archive.list,
      folders: archive.folders,
      strays: archive.strays,
      get: archive.get,
      delete: archive.delete,
      put: (key, bytes) => ++puts % 10 === 0 ? Promise.resolve() : archive.put(key, bytes),
    }),
  });
  await faulty.startWorker();
  await faulty.world.start();
  await faulty.world.pass(300);
  await faulty.end();
  await assert.rejects(faulty.world.assertComplete());
});
