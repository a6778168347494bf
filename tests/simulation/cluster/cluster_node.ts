import assert from "node:assert/strict";
import { collect } from "../../../src/async/collect.ts";
import { chatFolder } from "../../../src/core/archive/archive_key.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { settleArchive, type SettledArchive } from "../../../src/engine/settle/settle_archive.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { noopReporter, type Reporter } from "../../../src/ports/reporter.ts";
import {
  failNth,
  type FallibleCall,
  type Fault,
  type ProcessState,
  SimulatedCrash,
} from "../../../src/testing/faults/faults.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { between, chance, pick } from "../../../src/testing/chance/seeded_random.ts";
import type { SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import type { SeededNetwork } from "../../../src/testing/chance/seeded_network.ts";
import type { SimulatedTwitch } from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import type { VirtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { CHANNEL, type Pace } from "./pace.ts";
import { type Asked, askIndex } from "./ask_index.ts";
import { Exchange, keysOf, type Letter } from "./exchange.ts";
import { MachineClock } from "./machine_clock.ts";
import { workersOn } from "../settle/settle_world.ts";
import { hasher, NodeDisk } from "./node_disk.ts";
import { type Bug, type DiskTrouble, NodeProcess } from "./node_process.ts";

export interface ClusterNodeOptions {
  readonly name: string;
  readonly peers: readonly string[];
  readonly clock: VirtualClock;
  readonly twitch: SimulatedTwitch;
  readonly network: SeededNetwork<Letter>;
  readonly random: SeededRandom;
  readonly pace: Pace;
  readonly bug: Bug;
  /** Whether it keeps an index, loses it now and then, and prunes. */
  readonly isIndexed: boolean;
}

/** One machine: its disk and clock stay, its processes come and go. */
export class ClusterNode {
  readonly name: string;
  readonly peers: readonly string[];
  readonly disk: NodeDisk = new NodeDisk();
  readonly clock: MachineClock;
  /** What runs now, also if it has just died. */
  process: NodeProcess | undefined;
  /** By receiver: every line that a recorder has taken. */
  readonly heard = new Map<string, string[]>();
  readonly #options: ClusterNodeOptions;
  readonly #watched: Promise<void>[] = [];
  #lives = 0;
  #isCalm = false;
  #alarm = new AbortController();

  constructor(options: ClusterNodeOptions) {
    const { name, peers, clock, random } = options;
    this.#options = options;
    this.name = name;
    this.peers = peers;
    const host = clock.host(Math.round(between(random, [-4, 4]) * MINUTE_US));
    this.clock = new MachineClock(host, { countsSleep: chance(random, 0.5) });
  }

  /** Starts a process. */
  start(): void {
    const { pace, twitch, network, bug, isIndexed } = this.#options;
    const random = this.#options.random.fork(`life ${++this.#lives}`);
    this.process = new NodeProcess({
      name: this.name,
      peers: this.peers,
      channel: CHANNEL,
      disk: this.disk,
      lock: this.disk.lock,
      clock: this.clock,
      random,
      transport: twitch.transport(),
      network,
      reporter: this.#reporter(),
      trouble: this.#trouble(random.fork("disk")),
      onHeard: (receiver, lines) => {
        const heard = this.heard.get(receiver);
        if (heard === undefined) this.heard.set(receiver, [...lines]);
        else heard.push(...lines);
      },
      flushIntervalMs: pace.flushIntervalMs,
      exchangeEveryS: pace.exchangeEveryS,
      bug,
      isIndexed,
    });
  }

  /** How the disk fails in one life, and in which of its calls the process dies, if in any. */
  #trouble(random: SeededRandom): DiskTrouble {
    const rate = pick(random, [0, 0, 0.02, 0.3]);
    const journalRate = pick(random, [0, 0, 0.01]);
    const lastCall = chance(random, 0.5) ? Infinity : Math.ceil(2 ** between(random, [0, 12]));
    const slowMs = pick(random, [0, 20, 500, 4_000]);
    let count = 0;
    const crash = (): Fault | undefined => {
      // What waits in memory for a disk that fails is lost in a crash: that is allowed.
      if (++count < lastCall || (this.process?.backlogBytes ?? 0) > 0) return undefined;
      return pick(random, ["crash-before", "crash-after"]);
    };
    const { index } = this.disk;
    return {
      delay: () => index.isAsked ? undefined : this.#delay(random, slowMs),
      store: (_call: FallibleCall) =>
        index.isAsked ? undefined : crash() ??
          (!this.#isCalm && chance(random, rate)
            ? pick(random, ["full", "denied", "io", "lost-answer"])
            : undefined),
      journal: ({ method }) => {
        if (this.#isCalm || !chance(random, journalRate)) return crash();
        // Before there is a recorder, no task waits for the disk.
        return method === "openRun" ? undefined : pick(random, ["full", "io"]);
      },
    };
  }

  #delay(random: SeededRandom, slowMs: number): Promise<void> | undefined {
    const isSlow = slowMs > 0 && chance(random, 0.5);
    return isSlow ? this.clock.sleep(between(random, [0, slowMs])) : undefined;
  }

  #reporter(): Reporter {
    return {
      report: (_severity, message, fields) => {
        const isWrong = /without waiting for a turn|has a gap|cannot be used/.test(message);
        assert.ok(!isWrong, `${this.name}: ${message} ${JSON.stringify(fields)}`);
      },
      count() {},
    };
  }

  fallAsleep(seconds: number): void {
    this.clock.fallAsleep();
    this.#options.network.detach(this.name);
    const { signal } = this.#alarm = new AbortController();
    this.#options.clock.sleep(seconds * 1000, signal).then(
      () => this.#wakeUp(),
      () => {}, // Somebody woke it before.
    );
  }

  get isAsleep(): boolean {
    return this.clock.isAsleep;
  }

  #wakeUp(): void {
    this.#alarm.abort();
    this.clock.wakeUp();
  }

  /** Runs `chatloom settle` on the same archive, a process of its own that may die of its own. */
  settleBesides(random: SeededRandom): void {
    const processState: ProcessState = { crash: undefined };
    const plan = failNth(Math.ceil(2 ** between(random, [0, 11])), "crash-after");
    const { store, lock } = this.disk;
    const faulty = faultyStore(store, {
      plan,
      processState,
      delay: () => this.#delay(random, 500),
    });
    const work = settleArchive({
      store: faulty,
      workers: workersOn(faulty),
      hasher,
      lock,
      reporter: this.#reporter(),
    });
    this.watch(work.then(() => {}, (error) => {
      if (!(error instanceof SimulatedCrash)) throw error;
    }));
  }

  /** Keeps a promise whose failure is the world's. */
  watch(work: Promise<void>): void {
    work.catch(() => {}); // Looked at when the process is buried.
    this.#watched.push(work);
  }

  async kill(): Promise<void> {
    this.process?.kill();
    await this.bury();
  }

  /** Stops the process, or removes it if it has crashed. */
  async stop(): Promise<void> {
    this.#wakeUp();
    this.#isCalm = true;
    this.process?.stop();
    await this.bury();
    this.#isCalm = false;
  }

  /** Waits until nothing is left of the process, and looks at what it leaves behind. */
  async bury(): Promise<void> {
    const { process } = this;
    if (process === undefined) return;
    this.#wakeUp();
    await this.#options.clock.run(process.done);
    this.process = undefined;
    if (process.failure !== undefined) throw process.failure;
    await this.#options.clock.run(Promise.all(this.#watched.splice(0)));
    this.disk.endRuns();
    await this.#options.clock.run(this.assertNothingLost());
  }

  /** Asks the index of the process, if it has any and is awake, and holds the answers against the files. */
  async ask(random: SeededRandom, note: string): Promise<Asked> {
    const { process, disk } = this;
    const nothing = { questions: 0, knownHours: 0 };
    if (process?.index === undefined || process.isOver || this.isAsleep) return nothing;
    disk.index.isAsked = true;
    try {
      return await askIndex(process.index, { random, note: `${this.name}, ${note}` });
    } finally {
      disk.index.isAsked = false;
    }
  }

  /** Another process deletes an hour, the oldest as a rule, and no running process is told. */
  async pruneBesides(random: SeededRandom): Promise<void> {
    const hours = (await collect(this.disk.store.folders(chatFolder(CHANNEL)))).sort();
    const hour = chance(random, 0.7) ? hours[0] : hours.at(-1);
    if (hour === undefined) return;
    const { store } = this.disk;
    for (const key of await keysOf(store, `${chatFolder(CHANNEL)}/${hour}/`)) {
      await store.delete(key);
    }
  }

  /** Whatever was in the archive or in a journal is in one of the two, and readers get just that. */
  async assertNothingLost(): Promise<void> {
    if (this.#options.isIndexed) return; // It prunes; worlds without an index show that nothing is lost.
    const kept = await this.disk.kept();
    const ever = this.disk.everKnown();
    for (const set of [kept, ever]) await this.disk.forget(CHANNEL, set);
    assert.ok(kept.includes(ever), `${this.name} has lost something`);
    assert.ok(ever.includes(kept), `${this.name} has made something up`);
    const known = await this.disk.known();
    await this.disk.forget(CHANNEL, known);
    assert.equal(await this.#readAll(), textOf(known), `${this.name}: readers get something else`);
  }

  /** No reader gets a message whose redaction was confirmed. */
  async assertForgotten(): Promise<void> {
    const read = new SightingSet();
    read.add(new TextEncoder().encode(await this.#readAll()));
    const before = textOf(read);
    await this.disk.forget(CHANNEL, read);
    assert.equal(textOf(read), before, `${this.name}: readers get what is forgotten`);
  }

  async #readAll(): Promise<string> {
    const { store } = this.disk;
    let text = "";
    for await (const { bytes } of readMinutes(CHANNEL, { store, hasher, reporter: noopReporter })) {
      text += new TextDecoder().decode(bytes);
    }
    return text;
  }

  /** Settles the whole archive; nothing may fail. */
  async settleAll(): Promise<SettledArchive> {
    const { bug, clock } = this.#options;
    const store = bug.settlingInPeace?.(this.disk.store) ?? this.disk.store;
    const settled = await clock.run(settleArchive({ store, hasher, reporter: this.#reporter() }));
    assert.equal(settled.failed, 0);
    return settled;
  }

  /** Lets others copy from this node, and it from them, without a process. */
  openExchange(): readonly [ClusterNode, Exchange] {
    const { network, clock, random } = this.#options;
    const exchange = new Exchange({
      name: this.name,
      peers: this.peers,
      network,
      store: this.disk.store,
      hasher,
      clock,
      random,
      onStored: () => {},
      onDeath: (error) => {
        throw error;
      },
    });
    return [this, exchange];
  }
}

function textOf(set: SightingSet): string {
  return new TextDecoder().decode(set.encode());
}
