import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { CTRL_C, Terminal, terminalTrouble } from "./terminal.ts";

const skip = await terminalTrouble();
/** How often Ctrl-C is tried: `CTRL_C_RUNS=20` for certainty. */
const RUNS = Number(process.env["CTRL_C_RUNS"] ?? 3);
const CHANNELS = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"];

async function workspace(t: { after(end: () => Promise<void>): void }) {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-terminal-"));
  const served = await serveSimulatedTwitch({ chat: { ratePerSecond: 10 }, probeEvery: 20 });
  t.after(async () => {
    await served.close();
    await rm(archive, { recursive: true, force: true });
  });
  const command = `npx -y deno task chatloom record ${CHANNELS.join(" ")} ` +
    `--archive '${archive}' --url ${served.url}`;
  return { archive, served, command };
}

type Served = Awaited<ReturnType<typeof serveSimulatedTwitch>>;

/** The ids of all messages that recorders have surely read. */
function acknowledgedIds({ twitch: { truth } }: Served): Set<string> {
  const lines = truth.connections.flatMap(({ connection }) => truth.acknowledgedBy(connection));
  return new Set(lines.flatMap(({ line }) => /[@;]id=([^; ]+)/.exec(line)?.[1] ?? []));
}

async function archivedIds(archive: string): Promise<Set<string>> {
  const store = fileSystemStore(archive);
  const ids = new Set<string>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const { tags } of decodeBatch((await store.get(key))!)) if (tags?.id) ids.add(tags.id);
  }
  return ids;
}

/** Waits until all channels are joined and some of their lines have surely been read. */
async function untilRead(served: Served, terminal: Terminal): Promise<void> {
  for (let tries = 0;; tries++) {
    const joined = served.twitch.connections.flatMap(({ channels }) => channels);
    if (new Set(joined).size === CHANNELS.length && acknowledgedIds(served).size > 50) return;
    assert.ok(tries < 1_200, `waited 60 s in vain for lines to be read:\n${terminal.shown}`);
    await sleep(50);
  }
}

/** The process that records into `archive`, as its journal names it. */
async function recorderOf(archive: string): Promise<number> {
  const journals = join(archive, ".chatloom", "journal");
  const [run] = await readdir(journals);
  const owner = JSON.parse(await readFile(join(journals, run!, "owner.json"), "utf8"));
  assert.equal(typeof owner.pid, "number");
  return owner.pid;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function assertArchived(served: Served, archive: string, shown: string): Promise<number> {
  const archived = await archivedIds(archive);
  const lost = [...acknowledgedIds(served)].filter((id) => !archived.has(id));
  assert.deepEqual(lost, [], shown);
  assert.deepEqual(await readdir(join(archive, ".chatloom", "journal")), []);
  return archived.size;
}

test("Ctrl-C in a terminal archives every line that was read", { skip }, async (t) => {
  for (let run = 1; run <= RUNS; run++) {
    const { archive, served, command } = await workspace(t);
    const terminal = new Terminal(command);
    await untilRead(served, terminal);
    terminal.type(CTRL_C);
    assert.equal(await terminal.ended(), 0, terminal.shown);
    const count = await assertArchived(served, archive, terminal.shown);
    t.diagnostic(`run ${run} of ${RUNS}: ${count} messages archived, none lost, exit 0`);
    await served.close();
  }
});

test("closing the terminal archives every line that was read", { skip }, async (t) => {
  const { archive, served, command } = await workspace(t);
  const terminal = new Terminal(command);
  await untilRead(served, terminal);
  const pid = await recorderOf(archive);
  terminal.close();
  await terminal.ended();
  // It settles what it stored after its journal is empty, so only its end says that it is done.
  for (let tries = 0; isRunning(pid); tries++) {
    assert.ok(tries < 600, `waited 30 s in vain for the recorder to end:\n${terminal.shown}`);
    await sleep(50);
  }
  await assertArchived(served, archive, terminal.shown);
});
