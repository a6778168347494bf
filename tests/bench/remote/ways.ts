import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { nodeGzip } from "../../../src/adapters/compressors/node_gzip.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { DEFAULT_RANGE_COUNT } from "../../../src/core/remote/channel_range.ts";
import { STORED_AT_ONCE } from "../../../src/engine/record/batch_puts.ts";
import { RemoteStore } from "../../../src/engine/remote/remote_store.ts";
import { openParts } from "../../../src/node/wiring/parts/archive_parts.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { RabbitServer } from "../../conformance/broker/rabbit_server.ts";
import type { PostgresServer } from "../../conformance/postgres/postgres_server.ts";
import { type StartedWorker, startWorker } from "./started_worker.ts";

/** Who works when a batch is stored. */
export const ROLES = ["client", "broker", "workers", "database"] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** A way on which batches come to an archive. */
export interface Way {
  readonly name: string;
  readonly kind: "files" | "postgres";
  /** How many workers; 0 where batches are stored directly. */
  readonly workerCount: number;
  readonly store: BatchStore;
  /** How many batches a recorder has on this way at a time. */
  readonly width: number;
  /** The processes of each role. */
  readonly pids: ReadonlyMap<Role, readonly number[]>;
  /** The archive's address, for those who look into it. */
  readonly address: string;
  /** Lets workers finish, and closes all. */
  close(): Promise<void>;
}

/** What all ways go through. */
export interface World {
  readonly rabbit: RabbitServer;
  readonly database: PostgresServer;
  /** A folder for archives and the notes of workers. */
  readonly folder: string;
}

/** How {@link openWay} opens. */
export interface WayChoice {
  readonly kind: "files" | "postgres";
  /** How many workers; 0 to store directly. */
  readonly workerCount: number;
  /** Whether the workers settle. @default false */
  readonly settles?: boolean;
}

/** Opens a way to an archive of its own. */
export async function openWay(
  { kind, workerCount, settles = false }: WayChoice,
  { rabbit, database, folder }: World,
): Promise<Way> {
  const id = `${kind}_${workerCount}${settles ? "_settled" : ""}`;
  const address = kind === "files" ? join(folder, id) : database.address(`bench_${id}`);
  const parts = await openParts(address, { create: true });
  const target = kind === "files" ? "files" : "PostgreSQL";
  const workers: StartedWorker[] = [];
  const state = join(folder, "state");
  mkdirSync(state, { recursive: true });
  for (let n = 0; n < workerCount; n++) {
    const ranges = Array.from({ length: DEFAULT_RANGE_COUNT }, (_, range) => range)
      .filter((range) => range % workerCount === n);
    const choice = { url: rabbit.url, archive: id, address, ranges, settles };
    workers.push(startWorker(choice, join(state, `${id}_${n}`)));
  }
  const remote = workerCount === 0 ? undefined : new RemoteStore({
    ...{ broker: amqpBroker({ url: rabbit.url }), reads: parts.files, archive: id },
    ...{ archiveId: parts.id, sender: "bench", reporter: noopReporter, gzip: nodeGzip() },
    ...{ clock: systemClock(), random: systemRandom() },
  });
  const pids = new Map<Role, readonly number[]>([["client", [process.pid]]]);
  if (remote !== undefined) {
    pids.set("broker", [rabbit.pid]);
    pids.set("workers", workers.map(({ pid }) => pid));
  }
  if (kind === "postgres") pids.set("database", [database.pid]);
  const through = workerCount === 1 ? "1 worker" : `${workerCount} workers`;
  return {
    name: remote === undefined ? `${target}, directly` : `${target}, through ${through}`,
    ...{ kind, workerCount, pids, address },
    store: remote ?? parts.files,
    width: remote?.window.countMax ?? parts.storedAtOnce?.countMax ?? STORED_AT_ONCE.countMax,
    async close() {
      await remote?.close({ graceMs: 10_000 });
      for (const worker of workers) await worker.end();
      await parts.close();
    },
  };
}
