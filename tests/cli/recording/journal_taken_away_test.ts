import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { bestHasher } from "../../../src/adapters/hashers/web_crypto_hasher.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { assertNothingLost, CHANNELS, record, until } from "./recorder_child.ts";

// A recorder loses its journal while it records, goes on for some seconds, and is killed. Whatever a
// PING was answered for must be in the archive afterwards, as in the test that only kills.

const SEED = process.env["SIM_SEED"] ?? "taken away";
/** How long the other process waits for a sign of life, in place of two minutes. */
const DEAD_AFTER_MS = 1_000;

async function world(t: TestContext) {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-taken-"));
  const served = await serveSimulatedTwitch({
    seed: SEED,
    channels: CHANNELS,
    chat: { ratePerSecond: 200 },
    probeEvery: 25,
  });
  const pids = new Set<number>();
  t.after(async () => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await served.close();
    await rm(archive, { recursive: true, maxRetries: 5 });
  });
  const { truth } = served.twitch;
  const acknowledged = () =>
    truth.connections.reduce((sum, { acknowledgedCount }) => sum + acknowledgedCount, 0);
  return {
    archive,
    truth,
    start(before: readonly string[] = []) {
      const child = record(served.url, archive, before);
      pids.add(child.pid!);
      return child;
    },
    track: (pid: number) => void pids.add(pid),
    /** Resolves once this many more lines were surely read. */
    async hear(count: number) {
      const before = acknowledged();
      await until(() => acknowledged() >= before + count);
    },
    runs: async () => {
      const names = await readdir(join(archive, ".chatloom/journal")).catch(() => []);
      return names.filter((name) => !name.startsWith("."));
    },
  };
}

type World = Awaited<ReturnType<typeof world>>;

/** Recovers what is dead, as a process in another container does. */
async function recover(archive: string) {
  return await recoverJournals({
    journals: fileSystemJournal(archive, { deadAfterMs: DEAD_AFTER_MS }),
    store: fileSystemStore(archive),
    hasher: await bestHasher(),
    reporter: noopReporter,
  });
}

/** Goes on for a while, kills the process, lets another recorder recover, and compares. */
async function killAndCompare(
  { archive, truth, start, hear, runs }: World,
  { pid, child }: { readonly pid: number; readonly child: ChildProcess },
): Promise<void> {
  await hear(400);
  process.kill(pid, "SIGKILL");
  await once(child, "exit");
  const next = start();
  await hear(100);
  // Another container's process cannot be looked up: it is dead when it has been silent.
  await until(async () => (await recover(archive), await runs()).length === 1);
  process.kill(next.pid!, "SIGTERM");
  const [exitCode] = await once(next, "exit");
  assert.equal(exitCode, 0);
  // What was stored twice is the same sightings: it becomes one.
  await settleArchive({
    store: fileSystemStore(archive),
    hasher: await bestHasher(),
    reporter: noopReporter,
  });
  const { lines, acknowledged } = await assertNothingLost(archive, { truth, seed: SEED });
  console.log(`${lines} lines archived, ${acknowledged} surely read, 0 lost`);
}

test("a recorder whose journal folder is deleted, and that is killed later, loses no line it had read", async (t) => {
  const scene = await world(t);
  const child = scene.start();
  await scene.hear(400);
  await rm(join(scene.archive, ".chatloom"), { recursive: true });
  await until(async () => (await scene.runs()).length === 1);
  await killAndCompare(scene, { pid: child.pid!, child });
});

test("a recorder whose journal folder is deleted ends with exit 0 when all is stored", async (t) => {
  const scene = await world(t);
  const child = scene.start();
  await scene.hear(400);
  await rm(join(scene.archive, ".chatloom"), { recursive: true });
  await scene.hear(400);
  process.kill(child.pid!, "SIGTERM");
  const [exitCode] = await once(child, "exit");
  assert.equal(exitCode, 0);
  assert.deepEqual(await scene.runs(), []);
  await assertNothingLost(scene.archive, { truth: scene.truth, seed: SEED });
});

const IN_A_CONTAINER = ["unshare", "-pf", "--mount-proc"];
const canUnshare = process.platform === "linux" &&
  spawnSync(IN_A_CONTAINER[0]!, [...IN_A_CONTAINER.slice(1), "true"]).status === 0;

test(
  "a recorder that is frozen, taken for dead by another container, and killed later loses no line it had read",
  {
    skip: canUnshare ? false : "only root on Linux can make a pid namespace",
  },
  async (t) => {
    const scene = await world(t);
    const { archive } = scene;
    const child = scene.start(IN_A_CONTAINER);
    await scene.hear(400);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    const pid = Number(children.trim());
    scene.track(pid);
    process.kill(pid, "SIGSTOP");
    await sleep(DEAD_AFTER_MS + 500);
    const [before] = await scene.runs();
    assert.equal((await recover(archive)).runs, 1);
    assert.deepEqual(await scene.runs(), []);
    process.kill(pid, "SIGCONT");
    await until(async () => (await scene.runs()).length === 1);
    assert.notDeepEqual(await scene.runs(), [before]);
    await killAndCompare(scene, { pid, child });
  },
);
