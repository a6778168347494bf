import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCompressor } from "../../../src/adapters/compressors/node_compressor.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { openPostgresArchive } from "../../../src/adapters/postgres/postgres_archive.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { skipRabbit } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { skipPostgres } from "../../conformance/postgres/postgres_server.ts";
import { overlapsIn, takeoversIn } from "../../engine/remote/worker/worker_log.ts";
import { Cluster } from "./cluster.ts";
import { clusterPlan } from "./cluster_plan.ts";
import { Faults } from "./faults.ts";
import { assertHasAll, untilStored } from "./truth_check.ts";

/** The chat of an archive. Coverage depends on when a recorder looked at it. */
async function chatOf(store: BatchStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const key of store.list("")) {
    if (!key.includes("/chat/")) continue;
    found.set(key, Buffer.from(await store.get(key) ?? []).toString("latin1"));
  }
  return found;
}

/** What the local path makes of the lines that recorders journaled: recovered into a folder, and settled. */
async function localPath(cluster: Cluster): Promise<Map<string, string>> {
  const folder = tempFolder();
  try {
    const store = fileSystemStore(folder.path);
    const own = { store, hasher: nodeHasher(), reporter: noopReporter };
    await recoverJournals({ ...own, journals: cluster.kept.store, compressor: nodeCompressor() });
    await settleArchive(own);
    return await chatOf(store);
  } finally {
    folder.close();
  }
}

test(
  "a cluster whose parts are killed, frozen and full makes what the local path makes of the same lines",
  {
    skip: skipRabbit || skipPostgres,
  },
  async (t) => {
    const plan = clusterPlan();
    const beganMs = performance.now();
    const tell = (what: string) =>
      t.diagnostic(`${((performance.now() - beganMs) / 1_000).toFixed(1)} s: ${what}`);
    tell(`replay with SIM_SEED=${plan.seed}`);
    const startUs = Math.floor(Date.now() / 60_000) * MINUTE_US - 2 * MINUTE_US;
    const cluster = await Cluster.start(plan);
    tell("broker and database are there");
    t.after(() => cluster.close());
    const { truth } = cluster.served.twitch;
    const faults = new Faults(cluster, tell);
    const count = await faults.run();
    const archive = await openPostgresArchive(cluster.address);
    t.after(() => archive.close());

    // A short run ends before any minute is closed: its recorders store what is open when they end.
    const lastFaultMs = performance.now();
    const isShort = plan.seconds === 0;
    const storedS = isShort
      ? undefined
      : await untilStored(archive.store, { truth, maxS: plan.storedMaxS });
    await cluster.end(cluster.recorders);
    await cluster.served.close();
    const passedS = storedS ?? (performance.now() - lastFaultMs) / 1_000;
    assert.ok(passedS < plan.storedMaxS, `stored after ${passedS} s`);
    tell("all that was read is stored");
    await cluster.echo.close();
    await cluster.drained();
    await cluster.end(cluster.workers);
    tell("all workers have ended");

    const lines = await assertHasAll(archive.store, { truth, sinceUs: startUs });
    assert.ok(lines > 200, `${lines} lines`);
    const [found, expected] = [await chatOf(archive.store), await localPath(cluster)];
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    assert.deepEqual(found, expected);

    const records = cluster.everyWorker.flatMap(({ name, log }) =>
      log.map((each) => ({ ...each, worker: name }))
    );
    assert.deepEqual(overlapsIn(records, faults.cuts), []);
    const { takeovers, turns } = takeoversIn(records);
    assert.ok(takeovers > 0 && turns > 0, `${takeovers} takeovers, ${turns} turns`);
    const peak = (all: typeof cluster.workers) => Math.max(...all.map(({ peakMib }) => peakMib));
    tell(
      `${count} faults; ${truth.deliveryCount} lines to 3 recorders, ${lines} surely read, 0 lost; ` +
        `stored ${
          passedS.toFixed(1)
        } s after the last fault; ${found.size} files, byte for byte the same; ` +
        `${cluster.echo.count} messages came again; ${takeovers} takeovers, ${turns} turns in channels; ` +
        `at most ${peak(cluster.everyRecorder)} MiB a recorder, ${
          peak(cluster.everyWorker)
        } a worker`,
    );
  },
);
