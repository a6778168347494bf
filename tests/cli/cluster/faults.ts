import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { TURN_BEGUN } from "../../../src/engine/remote/worker/told_turns.ts";
import {
  between,
  intBelow,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import type { Cut } from "../../engine/remote/worker/worker_log.ts";
import type { ChatloomProcess } from "./chatloom_process.ts";
import { EARLIER_RUN } from "./earlier_life.ts";
import type { Cluster } from "./cluster.ts";
import type { Fault } from "./cluster_plan.ts";

const DATABASE_AWAY =
  "The archive cannot be written now: what comes is kept in the journal until it can";
const PROGRESS_MAX_MS = 120_000;
const FROZEN_MS = 25_000;
const RECOVERED = "Recovered the journal of a run that ended too soon";
const STORE_FAILS = "The archive cannot be written: what came is kept";

/** Brings the faults of a plan upon a cluster, one after another, in an order of chance. */
export class Faults {
  /** What ended in the midst of what it did, so that its log has no end of that. */
  readonly cuts: Cut[] = [];
  readonly #cluster: Cluster;
  readonly #random: SeededRandom;
  readonly #tell: (what: string) => void;

  constructor(cluster: Cluster, tell: (what: string) => void) {
    this.#cluster = cluster;
    this.#random = seededRandom(cluster.plan.seed).fork("faults");
    this.#tell = tell;
  }

  /** Resolves when all is repaired after the last of them. Returns how many there were. */
  async run(): Promise<number> {
    const { faults, seconds } = this.#cluster.plan;
    const list = (Object.entries(faults) as [Fault, number][])
      .flatMap(([fault, count]) => Array.from({ length: count }, () => fault));
    for (let at = list.length - 1; at > 0; at--) {
      const other = intBelow(this.#random, at + 1);
      [list[at], list[other]] = [list[other]!, list[at]!];
    }
    const startMs = Date.now();
    for (const [n, fault] of list.entries()) {
      await this.#progress();
      const dueMs = startMs + seconds * 1_000 * (n + 1) / (list.length + 1);
      await sleep(Math.max(0, dueMs - Date.now()));
      const beganMs = Date.now();
      await this.#bring(fault);
      this.#tell(`${fault}, for ${((Date.now() - beganMs) / 1_000).toFixed(1)} s`);
    }
    return list.length;
  }

  async #bring(fault: Fault): Promise<void> {
    switch (fault) {
      case "a worker is killed":
        return await this.#killWorker();
      case "a recorder is killed and starts while the database is away":
        return await this.#killRecorder();
      case "the broker is killed":
        return await this.#killBroker();
      case "the database is killed":
        return await this.#killDatabase();
      case "a worker is frozen":
        return await this.#freeze(() => sleep(FROZEN_MS));
      case "a worker is frozen while the broker and the database are killed":
        return await this.#freeze(async () => {
          await Promise.all([this.#killBroker(), this.#killDatabase()]);
        });
      case "the database's disk is full":
        return await this.#fillDisk();
    }
  }

  async #killWorker(): Promise<void> {
    const victim = this.#busiest();
    const n = this.#cluster.workers.indexOf(victim);
    await this.#cut({ ends: "all", of: victim.name }, () => victim.kill());
    await this.#away();
    this.#cluster.startWorker(n);
  }

  async #killRecorder(): Promise<void> {
    const n = intBelow(this.#random, this.#cluster.recorders.length);
    await this.#cluster.recorders[n]!.kill();
    await this.#killDatabase(async () => {
      this.#cluster.startRecorder(n);
      await this.#cluster.recorders[n]!.said(DATABASE_AWAY);
    });
    // One that is told to stop before leaves the journal to the next.
    const recovered = this.#cluster.recorders[n]!
      .said(RECOVERED, 0, ({ run }) => !run?.endsWith(EARLIER_RUN));
    await inTime(recovered, "the journal of the killed recorder is not recovered");
  }

  async #killBroker(): Promise<void> {
    await this.#cluster.broker.kill();
    await this.#away();
    await this.#cluster.broker.start();
  }

  async #killDatabase(meanwhile: () => Promise<void> = () => this.#away()): Promise<void> {
    const { database } = this.#cluster;
    // Its locks are gone with it.
    await this.#cut({ ends: "channels", of: undefined }, () => database.kill());
    await meanwhile();
    await database.start();
  }

  /** Stops a worker where it is; others take over what it had. */
  async #freeze(during: () => Promise<unknown>): Promise<void> {
    const frozen = this.#busiest();
    // The broker gives its ranges away without asking it; its locks it has as long as its connection stands.
    const cut = () => Promise.resolve(frozen.signal("SIGSTOP"));
    await this.#cut({ ends: "ranges until its link", of: frozen.name }, cut);
    await during();
    await this.#progress();
    frozen.signal("SIGCONT");
  }

  async #fillDisk(): Promise<void> {
    const { database, workers } = this.#cluster;
    const { disk } = database;
    if (disk === undefined) return this.#tell("no disk is full: none can be mounted here");
    const sinceMs = Date.now();
    disk.fill();
    // What comes again finds its room already: this needs more than is left anywhere.
    const load = this.#cluster.putLoad();
    const met = Promise.any(workers.map((each) => each.said(STORE_FAILS, sinceMs)));
    await inTime(met, "no worker met a full disk");
    await sleep(this.#cluster.plan.fullMs);
    disk.free();
    // It may have given up, as where its log has no room.
    if (database.hasEnded) {
      await this.#cut({ ends: "channels", of: undefined }, () => database.start());
    }
    await inTime(load, "what came while the disk was full is not stored");
  }

  /** The worker that was in a channel last. */
  #busiest(): ChatloomProcess {
    const lastTurnMs = ({ log }: ChatloomProcess) =>
      log.findLast(({ message }) => message === TURN_BEGUN)?.timeMs ?? 0;
    return [...this.#cluster.workers].sort((a, b) => lastTurnMs(b) - lastTurnMs(a))[0]!;
  }

  async #away(): Promise<void> {
    const [min, max] = this.#cluster.plan.awayMs;
    await sleep(between(this.#random, [min, max]));
  }

  /** Waits until a worker settles something: the cluster works. */
  async #progress(): Promise<void> {
    const sinceMs = Date.now();
    const { workers } = this.#cluster;
    const working = Promise.any(workers.map((each) => each.said(TURN_BEGUN, sinceMs)));
    await inTime(working, "no worker settles anything");
  }

  async #cut(what: Omit<Cut, "fromMs" | "toMs">, act: () => Promise<void>): Promise<void> {
    const fromMs = Date.now();
    await act();
    this.cuts.push({ ...what, fromMs, toMs: Date.now() });
  }
}

async function inTime(work: Promise<unknown>, complaint: string): Promise<void> {
  const aborter = new AbortController();
  const late = sleep(PROGRESS_MAX_MS, "late", { signal: aborter.signal }).catch(() => "");
  const first = await Promise.race([work, late]);
  aborter.abort();
  assert.notEqual(first, "late", complaint);
}
