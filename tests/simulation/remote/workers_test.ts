import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { KeyedMutex } from "../../../src/async/mutex.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import {
  between,
  chance,
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { type BrokerTrouble, faultyBroker } from "../../../src/testing/faults/faulty_broker.ts";
import { brokerWithout } from "../../engine/remote/worker/broker_without.ts";
import {
  type Cut,
  overlapsIn,
  takeoversIn,
  type WorkerRecord,
} from "../../engine/remote/worker/worker_log.ts";
import { type SimulatedWorker, WorkerWorld } from "../../engine/remote/worker/worker_world.ts";
import {
  contentsOf,
  filesOf,
  hasher,
  randomSightings,
  settleAll,
  type SmallSighting,
} from "../settle/settle_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "workers";
// A few in every run; SIM_SEEDS asks for more.
const SEEDS = Number(globalThis.process?.env["SIM_SEEDS"] ?? 2);
/** How many runs are played until a planted fault shows. */
const TRIES = 8;
const CHANNELS = ["forsen", "ada", "xqc", "nymn", "pajlada"];
const TROUBLE: BrokerTrouble = {
  ...{ drop: 0.03, loseConfirmed: 0.05, double: 0.15, delay: 0.3, breakLink: 0.02 },
};
const FAULTY_S = 180;

interface Rules {
  /** Whether the broker lets one worker at a time consume a range. */
  readonly isSingle?: boolean;
  /** Whether the archive's lock lets one worker at a time settle a channel. */
  readonly isLocked?: boolean;
  /** Whether workers say that a file is stored, and acknowledge it, when it comes. */
  readonly isHasty?: boolean;
}

/** What became of a run. */
interface Outcome {
  readonly archive: ReadonlyMap<string, string>;
  readonly expected: ReadonlyMap<string, string>;
  /** Times at which one worker settled a channel that another one was settling. */
  readonly overlaps: readonly string[];
  /** The same for ranges and channels, as the logs of the workers tell it. */
  readonly logged: readonly string[];
  readonly takeovers: number;
  readonly settledCount: number;
  readonly kills: number;
  readonly freezes: number;
}

/** Several recorders that heard nearly the same, three workers that die and freeze, and a broker in trouble. */
async function play(
  seed: string,
  { isSingle = true, isLocked = true, isHasty = false }: Rules = {},
): Promise<Outcome> {
  const world = new WorkerWorld();
  const random = seededRandom(seed);
  const { clock, store } = world;
  let isFaulty = true;
  const faulty = faultyBroker(world.broker, {
    ...{ random: random.fork("broker"), clock, trouble: () => isFaulty ? TROUBLE : {} },
  });
  const broker = brokerWithout(faulty, { isSingle, isHasty });
  const log = new SettlingLog();
  const cluster = new KeyedMutex();
  const failing = random.fork("store");
  const through = (inner: BatchStore): BatchStore => ({
    ...inner,
    async put(key, bytes, options) {
      await clock.sleep(between(failing, [1, 40]));
      if (isFaulty && chance(failing, 0.05)) throw new ChatloomError("STORE_IO", "It fails");
      await inner.put(key, bytes, options);
    },
    async delete(key, options) {
      await clock.sleep(between(failing, [1, 40]));
      await inner.delete(key, options);
    },
  });
  let count = 0;
  const records: WorkerRecord[] = [];
  const cuts: Cut[] = [];
  const cut = (ends: Cut["ends"], of: string) => {
    const nowMs = clock.elapsedUs() / 1_000;
    cuts.push({ ends, of, fromMs: nowMs, toMs: nowMs });
  };
  const running = new Set<{
    readonly name: string;
    readonly worker: SimulatedWorker;
    readonly locks: Locks;
  }>();
  const startWorker = () => {
    const name = `worker ${++count}`;
    const locks = new Locks(name, { cluster, log, isLocked });
    const reporter: Reporter = {
      report: (_, message, fields: { readonly range?: number; readonly channel?: string } = {}) =>
        void records.push({ ...fields, worker: name, timeMs: clock.elapsedUs() / 1_000, message }),
      count: () => {},
    };
    const worker = world.worker({ broker, through, name, lock: locks, reporter, settles: true });
    running.add({ name, worker, locks });
  };
  const local = memoryStore();
  let [kills, freezes] = [0, 0];
  await world.run(async () => {
    for (let i = 0; i < 3; i++) startWorker();
    const senders = [1, 2, 3].map((n) =>
      world.sender({ broker, sender: `node${n}`, random: random.fork(`sender ${n}`) })
    );
    const puts = senders.map((sender, n) => sendAll(sender, { n, random, clock, local }));
    const events = random.fork("events");
    for (let passedS = 0; passedS < FAULTY_S; passedS += 5) {
      await clock.sleep(5_000);
      if (!chance(events, 0.4)) continue;
      const one = pick(events, [...running]);
      if (chance(events, 0.3)) world.broker.restart();
      else if (chance(events, 0.5)) {
        kills++;
        running.delete(one);
        cut("all", one.name);
        await one.worker.kill();
        one.locks.die();
        startWorker();
      } else {
        freezes++;
        cut("ranges until its link", one.name);
        one.worker.freeze();
        // The broker gives up a link that says nothing: another worker takes over.
        void clock.sleep(between(events, [2_000, 40_000])).then(() => one.worker.breakLinks());
        void clock.sleep(between(events, [5_000, 60_000])).then(() => one.worker.freeze(false));
      }
    }
    await clock.sleep(60_000);
    isFaulty = false;
    await Promise.all(puts);
    for (const sender of senders) await sender.close({ graceMs: 60_000 });
    await clock.sleep(120_000); // What came late is stored again, and settled.
    for (const { worker } of running) await worker.stop();
  });
  await settleAll(store);
  await settleAll(local);
  return {
    ...{ archive: await contentsOf(store), expected: await contentsOf(local) },
    ...{ overlaps: log.overlaps, settledCount: log.count, kills, freezes },
    ...{ logged: overlapsIn(records, cuts), takeovers: takeoversIn(records).takeovers },
  };
}

/** Puts what a recorder heard, as it hears it; tries for ever what fails, as a recorder does. */
async function sendAll(
  sender: RemoteStore,
  { n, random, clock, local }: {
    readonly n: number;
    readonly random: SeededRandom;
    readonly clock: WorkerWorld["clock"];
    readonly local: BatchStore;
  },
): Promise<void> {
  const chances = random.fork(`recorder ${n}`);
  await Promise.all(CHANNELS.map(async (channel) => {
    const heard: SmallSighting[] = randomSightings(random.fork(channel), 60);
    const mine = heard.filter(() => chance(chances, 0.7)).map((each) => ({ ...each, receiver: n }));
    for (let at = 0; at < mine.length; at += 6) {
      for (const [key, bytes] of filesOf(mine.slice(at, at + 6))) {
        const timeUs = timeOf(key);
        const own = batchKey(channel, { timeUs, digest: hasher.digest(bytes) });
        await local.put(own, bytes);
        while (!await sender.put(own, bytes).then(() => true, () => false)) {
          await clock.sleep(1_000);
        }
      }
      await clock.sleep(intBelow(chances, 40) * 1_000);
    }
  }));
}

function timeOf(key: string): number {
  const parts = parseArchiveKey(key);
  assert.equal(parts?.kind, "batch");
  return (parts as { readonly minuteUs: number }).minuteUs;
}

/** Who settles which channel when. */
class SettlingLog {
  readonly overlaps: string[] = [];
  count = 0;
  readonly #settling = new Map<string, Set<string>>();

  /** Notes that `worker` begins to settle `channel`; returns what notes that it ends. */
  enter(channel: string, worker: string): () => void {
    this.count++;
    const inside = this.#settling.get(channel) ?? new Set();
    this.#settling.set(channel, inside);
    if (inside.size > 0) this.overlaps.push(`${channel}: ${[...inside, worker].join(" and ")}`);
    inside.add(worker);
    return () => inside.delete(worker);
  }
}

interface LocksOptions {
  readonly cluster: KeyedMutex;
  readonly log: SettlingLog;
  readonly isLocked: boolean;
}

/** The archive's mutex as one process sees it: what it holds is free when it dies, and held while it is frozen. */
class Locks implements ArchiveLock {
  readonly #worker: string;
  readonly #options: LocksOptions;
  readonly #own = new KeyedMutex();
  readonly #died: Promise<void>;
  #isDead = false;
  die = (): void => {};

  constructor(worker: string, options: LocksOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#died = new Promise((resolve) => {
      this.die = () => {
        this.#isDead = true;
        resolve();
      };
    });
  }

  async hold<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { cluster, log, isLocked } = this.#options;
    const mutex = isLocked ? cluster : this.#own;
    const result = await mutex.run(name, async () => {
      if (this.#isDead) return undefined;
      const leave = log.enter(name, this.#worker);
      try {
        return await Promise.race([work().then((value) => ({ value })), this.#died]);
      } finally {
        leave();
      }
    });
    // A process that has died goes on with nothing.
    return result === undefined ? await new Promise<never>(() => {}) : result.value;
  }
}

test("workers that die, freeze and take over lose nothing, and never settle a channel at once", async () => {
  let [settled, kills, freezes] = [0, 0, 0];
  for (let i = 0; i < SEEDS; i++) {
    const seed = `${SEED} ${i}`;
    const outcome = await play(seed);
    const replay = `replay with SIM_SEED="${SEED}" SIM_SEEDS=${i + 1}`;
    assert.deepEqual(outcome.archive, outcome.expected, replay);
    assert.ok(outcome.archive.size > 20, `only ${outcome.archive.size} files, ${replay}`);
    assert.deepEqual(outcome.overlaps, [], replay);
    assert.deepEqual(outcome.logged, [], replay);
    assert.ok(outcome.takeovers > 5, `${outcome.takeovers} takeovers, ${replay}`);
    settled += outcome.settledCount;
    kills += outcome.kills;
    freezes += outcome.freezes;
  }
  assert.ok(settled > 50 * SEEDS, `settled ${settled} times`);
  assert.ok(kills >= SEEDS && freezes >= SEEDS, `${kills} kills, ${freezes} freezes`);
});

test("without single consumers two workers have a range at once, and only their logs tell", async () => {
  const { archive, expected, overlaps, logged } = await play(SEED, { isSingle: false });
  assert.ok(logged.some((each) => each.startsWith("range ")), "no overlap was seen");
  // The archive's lock holds still.
  assert.deepEqual(overlaps, []);
  assert.deepEqual(logged.filter((each) => each.startsWith("channel ")), []);
  assert.deepEqual(archive, expected);
});

test("without the lock too, two workers settle a channel at once, and the logs tell", async () => {
  let [overlaps, logged] = [0, 0];
  for (let i = 0; i < TRIES && logged === 0; i++) {
    const outcome = await play(`${SEED} ${i}`, { isSingle: false, isLocked: false });
    overlaps += outcome.overlaps.length;
    logged += outcome.logged.filter((each) => each.startsWith("channel ")).length;
  }
  assert.ok(overlaps > 0 && logged > 0, "no overlap was seen");
});

test("a worker that acknowledges before it has stored is found", async () => {
  let lostCount = 0;
  for (let i = 0; i < TRIES && lostCount === 0; i++) {
    const { archive, expected } = await play(`${SEED} ${i}`, { isHasty: true });
    for (const [key, text] of expected) if (archive.get(key) !== text) lostCount++;
  }
  assert.ok(lostCount > 0, "nothing was lost");
});
