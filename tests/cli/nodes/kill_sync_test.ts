import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import {
  addSmall,
  filesOf,
  filesOfSet,
  type SmallSighting,
} from "../../simulation/settle/settle_world.ts";
import { plainPeer } from "./plain_peer.ts";
import { runCli } from "../run_cli.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const MINUTES = 20;
const RECEIVERS = 3;

function sightings(): SmallSighting[][] {
  return Array.from(
    { length: RECEIVERS },
    (_, receiver) =>
      Array.from({ length: MINUTES }, (_, minute) => ({
        content: minute,
        isExact: true,
        receiver,
        receivedS: minute * 60 + receiver,
        startS: minute * 60 + 1,
        lengthS: 0,
      })),
  );
}

test("sync that is killed with -9, again and again, settles in the end what it had stored", async (t) => {
  const heard = sightings();
  const files = new Map<ArchiveKey, Uint8Array>();
  for (const one of heard) for (const [key, bytes] of filesOf(one)) files.set(key, bytes);
  assert.equal(files.size, MINUTES * RECEIVERS);
  const set = new SightingSet();
  for (const each of heard.flat()) addSmall(set, each);
  const truth = [...filesOfSet(set).keys()].sort();

  let served = 0;
  let killAt = Infinity;
  let onDue: () => void = () => {};
  const peer = await plainPeer(files, () => {
    if (++served === killAt) onDue();
    return undefined;
  });
  const root = await mkdtemp(join(tmpdir(), "chatloom-kill-sync-"));
  t.after(async () => {
    peer.close();
    await rm(root, { recursive: true });
  });
  const archive = join(root, "archive");
  const args = ["sync", "--archive", archive, "--peer", peer.url, "--once", "--no-check"];
  const exits: unknown[] = [];
  for (const files of [13, 17, 19]) {
    served = 0;
    killAt = files;
    const run = ["run", "--allow-all", "--no-check", MAIN, ...args];
    const child = spawn(process.execPath, run, { stdio: "ignore" });
    onDue = () => child.kill("SIGKILL");
    const [, signal] = await once(child, "exit");
    exits.push(signal);
  }
  assert.deepEqual(exits, ["SIGKILL", "SIGKILL", "SIGKILL"], "a run ended before it was killed");
  killAt = Infinity;
  const { exitCode, stderr } = await runCli(args);
  assert.equal(exitCode, 0, stderr);
  const keys: ArchiveKey[] = [];
  for await (const key of fileSystemStore(archive).list("")) keys.push(key);
  assert.deepEqual(keys, truth);
  assert.deepEqual(await readdir(join(archive, ".chatloom", "unsettled")), [], "notes stay behind");
  assert.ok([...peer.asked.values()].every((count) => count <= 3 + 1));
});
