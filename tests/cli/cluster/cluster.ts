import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { openPostgresArchive } from "../../../src/adapters/postgres/postgres_archive.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import {
  type ServedTwitch,
  serveSimulatedTwitch,
} from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { readTopology } from "../../../src/engine/remote/operating/read_topology.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { type RabbitServer, startRabbit } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { type PostgresServer, startPostgres } from "../../conformance/postgres/postgres_server.ts";
import { ChatloomProcess } from "./chatloom_process.ts";
import type { ClusterPlan } from "./cluster_plan.ts";
import { writeEarlierLife } from "./earlier_life.ts";
import { Echo, LOAD_CHANNEL } from "./echo.ts";
import { KeptJournals } from "./kept_journals.ts";

/** The archive's name at the broker. */
export const ARCHIVE = "main";
const COUNT = 3;
const LOAD_BYTES = 6 * 1024 * 1024;
const DRAINED_MAX_MS = 300_000;

/** Three recorders of one simulated Twitch, a broker, three workers and a database, all of them real processes. */
export class Cluster {
  readonly plan: ClusterPlan;
  readonly broker: RabbitServer;
  readonly database: PostgresServer;
  readonly address: string;
  readonly served: ServedTwitch;
  readonly kept: KeptJournals;
  readonly echo: Echo;
  /** Those that run now. */
  readonly recorders: ChatloomProcess[] = [];
  /** Those that run now. */
  readonly workers: ChatloomProcess[] = [];
  /** All workers there ever were. */
  readonly everyWorker: ChatloomProcess[] = [];
  readonly everyRecorder: ChatloomProcess[] = [];
  readonly #folder: string;
  readonly #close: () => void;

  private constructor(
    plan: ClusterPlan,
    parts: Pick<Cluster, "broker" | "database" | "served">,
  ) {
    this.plan = plan;
    const folder = tempFolder();
    [this.#folder, this.#close] = [folder.path, () => folder.close()];
    this.broker = parts.broker;
    this.database = parts.database;
    this.served = parts.served;
    this.address = this.database.address("cluster");
    writeFileSync(
      this.#config,
      `archive = "${this.address}"\n[broker]\nurl = "${this.broker.url}"\n` +
        `archive = "${ARCHIVE}"\nheartbeat-s = ${plan.heartbeatS}\n`,
    );
    mkdirSync(this.#pathOf("kept"));
    this.kept = new KeptJournals(this.#pathOf("kept"));
    const random = seededRandom(plan.seed);
    this.echo = new Echo(this.broker.url, {
      ...{ archive: ARCHIVE, random: random.fork("echo"), perRound: plan.echoPerRound },
    });
    for (let n = 0; n < COUNT; n++) {
      const { channels, earlierMinutes: minutes } = plan;
      const [node, journal] = [nodeName(n), this.#pathOf(nodeName(n))];
      writeEarlierLife(node, { folder: journal, channels, minutes, seed: random.fork("early") });
      this.kept.follow(join(journal, ".chatloom", "journal"));
      this.startWorker(n);
      this.startRecorder(n);
    }
  }

  /** Starts all of it. The broker, which takes longest, is away when its clients begin. */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const twitch = {
      ...{ seed: plan.seed, channels: plan.channels, probeEvery: plan.probeEvery },
      chat: { ratePerSecond: plan.linesPerSecond / plan.channels.length },
    };
    const served = await serveSimulatedTwitch(twitch);
    const broker = await startRabbit({ isAway: true });
    const database = await startPostgres({ diskMib: plan.diskMib });
    const cluster = new Cluster(plan, { broker, database, served });
    await broker.start();
    return cluster;
  }

  /** Starts recorder `n`, in the place of the one before. */
  startRecorder(n: number): void {
    const args = ["record", ...this.plan.channels, "--url", this.served.url, "--node", nodeName(n)];
    args.push("--config", this.#config, "--journal-dir", this.#pathOf(nodeName(n)));
    args.push("--join-rate", "2000");
    this.recorders[n] = new ChatloomProcess(`recorder ${n}`, {
      ...{ args, home: this.#pathOf(`home${n}`) },
    });
    this.everyRecorder.push(this.recorders[n]!);
  }

  /** Starts worker `n`, in the place of the one before. */
  startWorker(n: number): void {
    const name = `worker${this.everyWorker.length + 1}`;
    const args = ["worker", "--config", this.#config, "--name", name];
    // A machine of its own: nothing of a dead one is left to the next.
    this.workers[n] = new ChatloomProcess(name, {
      ...{ args, home: this.#pathOf(`home ${name}`), level: "debug" },
    });
    this.everyWorker.push(this.workers[n]!);
  }

  /** Stores a large file by way of the workers, and deletes it again. */
  async putLoad(): Promise<void> {
    const archive = await openPostgresArchive(this.address, { mayBeAway: () => true });
    const sender = new RemoteStore({
      ...{ broker: amqpBroker({ url: this.broker.url }), archive: ARCHIVE, sender: "load" },
      ...{ reads: archive.store, clock: systemClock(), random: systemRandom() },
      reporter: noopReporter,
    });
    try {
      const bytes = randomBytes(LOAD_BYTES);
      const digest = nodeHasher().digest(bytes);
      const key = batchKey(LOAD_CHANNEL, { timeUs: 0, digest: await digest });
      await sender.put(key, bytes);
      await sender.delete(key);
    } finally {
      await sender.close();
      await archive.close();
    }
  }

  /** Waits until no message is at the broker or in a worker's hand. */
  async drained(): Promise<void> {
    const [endMs, broker] = [Date.now() + DRAINED_MAX_MS, amqpBroker({ url: this.broker.url })];
    for (;;) {
      const { ranges, workers, workerCount, dead } = await readTopology({
        ...{ broker, clock: systemClock(), archive: ARCHIVE },
      });
      assert.equal(dead.readyCount, 0, "there are dead letters");
      const waiting = ranges.reduce((sum, { readyCount }) => sum + readyCount, 0);
      const held = workers.reduce((sum, { heldCount }) => sum + heldCount, 0);
      if (waiting + held === 0 && workers.length === workerCount && workerCount > 0) return;
      assert.ok(Date.now() < endMs, `${waiting} messages wait, ${held} are held`);
    }
  }

  /** Ends processes in order; each must end with 0. */
  async end(processes: readonly ChatloomProcess[]): Promise<void> {
    for (const each of processes) each.signal("SIGTERM");
    for (const each of processes) assert.equal(await each.ended(), 0, each.lastWords);
  }

  /** Ends whatever is left, and removes what was written. */
  async close(): Promise<void> {
    for (const each of [...this.recorders, ...this.workers]) await each.kill();
    this.kept.close();
    await this.echo.close({ isQuick: true });
    await Promise.all([this.served.close(), this.broker.close(), this.database.close()]);
    this.#close();
  }

  get #config(): string {
    return this.#pathOf("chatloom.toml");
  }

  #pathOf(name: string): string {
    return join(this.#folder, name);
  }
}

function nodeName(n: number): string {
  return `node${n}`;
}
