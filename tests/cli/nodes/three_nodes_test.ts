import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { parseCoverage } from "../../../src/core/coverage/coverage.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { contentKey, contentOf, contentOfFields } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { parseFaults } from "../../../src/testing/simulated_twitch/faults.ts";
import { Link, type NodeProcess, startNode, stopNode, until } from "./node_processes.ts";

// Three nodes in a ring, each a process, record one simulated Twitch whose connections fail each in its
// own way. One node is killed twice, one is cut off, one has a clock that is ten minutes ahead. In the
// end their archives are equal, file by file, and hold what any of them has surely read.

const { SIM_SEED: SEED = "ring" } = process.env;
const CHANNEL = "forsen";
const WRONG_BY_S = 600;

test("three nodes in a ring end with equal archives, which hold all that any of them heard", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-ring-"));
  const nobody = join(root, "nobody.txt");
  await writeFile(nobody, "");
  const served = await serveSimulatedTwitch({
    seed: SEED,
    channels: [CHANNEL],
    chat: { ratePerSecond: 150 },
    probeEvery: 25,
    ...parseFaults("drop=0.02,reconnect=0.02,garbage=0.02,split=0.1"),
  });
  const links = await Promise.all([0, 1, 2].map(() => Link.open()));
  const archives = [0, 1, 2].map((i) => join(root, `node${i}`));
  const nodes: NodeProcess[] = [];
  t.after(async () => {
    for (const { child } of nodes) child.kill("SIGKILL");
    for (const link of links) link.close();
    await served.close();
    await rm(root, { recursive: true });
  });
  const start = async (i: number, what: readonly string[]): Promise<void> => {
    const args = [
      "--archive",
      archives[i]!,
      "--node",
      `node${i}`,
      "--peer",
      links[i]!.url,
      ...what,
    ];
    const wrong = i === 2 ? { CHATLOOM_TEST_WALL_OFFSET_S: String(WRONG_BY_S) } : {};
    nodes[i] = await startNode(args, wrong);
    links[(i + 2) % 3]!.targetPort = nodes[i].port; // Node i is pulled from by the one before it.
  };
  const record = [CHANNEL, "--url", served.url];
  const listens = (i: number) =>
    until(() => nodes[i]!.last.some((text) => text.includes("Connected to chat")), {
      limitS: 60,
      what: `node${i} that listens`,
    });
  for (const i of [0, 1, 2]) await start(i, record);
  for (const i of [0, 1, 2]) await listens(i);
  await sleep(5_000);
  for (let kill = 0; kill < 2; kill++) {
    await stopNode(nodes[0]!, "SIGKILL");
    await start(0, record);
    links[1]!.cut();
    await listens(0);
    await sleep(4_000);
  }
  for (const node of nodes) {
    assert.equal(await stopNode(node, "SIGTERM"), 0, node.last.join("\n"));
  }
  await served.close();

  // Who has nothing to record still serves, settles and pulls.
  for (const i of [0, 1, 2]) await start(i, ["--channels", nobody]);
  await sleep(3_000);
  links[1]!.heal();
  const limits = { limitS: 120, what: "archives that are equal and settled" };
  const seconds = await until(() => areEqualAndSettled(archives), limits);
  for (const node of nodes) {
    assert.equal(await stopNode(node, "SIGTERM"), 0, node.last.join("\n"));
  }

  const [first] = await Promise.all(archives.map(filesOf));
  for (const archive of archives) assert.deepEqual(await filesOf(archive), first);
  // Three runs of the one that was killed twice, and one of each other, say when they listened.
  assert.deepEqual(await runsListening(archives[0]!), { node0: 3, node1: 1, node2: 1 });
  const { delivered, acknowledged } = countsOf(served.twitch.truth);
  const archived = await archivedContents(archives[0]!);
  for (const content of acknowledged) {
    assert.ok(archived.has(content), `lost, replay with SIM_SEED=${SEED}: ${content}`);
  }
  for (const [content, receivers] of archived) {
    assert.ok(receivers <= (delivered.get(content) ?? 0), `invented or doubled: ${content}`);
  }
  const connections = served.twitch.truth.connections.length;
  console.log(
    `3 nodes, ${connections} connections, 2 kills, 1 partition, a clock ${WRONG_BY_S} s ahead: ` +
      `${archived.size} contents archived, ${acknowledged.size} surely read, 0 lost; ` +
      `equal ${seconds.toFixed(1)} s after the last heal`,
  );
  assert.ok(acknowledged.size > 500, "hardly anything was recorded");
});

/** Path → bytes as text, of all but the state folder. */
async function filesOf(archive: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  await mkdir(archive, { recursive: true });
  for (const entry of await readdir(archive, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isState = path.startsWith(join(archive, ".chatloom"));
    if (!entry.isFile() || isState) continue;
    files.set(path.slice(archive.length), await readFile(path, "latin1"));
  }
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

async function areEqualAndSettled(archives: readonly string[]): Promise<boolean> {
  const names: string[][] = [];
  for (const archive of archives) {
    const keys: string[] = [];
    for await (const key of fileSystemStore(archive).list("")) keys.push(key);
    names.push(keys);
  }
  const starts = names[0]!.map((key) => key.slice(0, -".json".length - 43));
  return names[0]!.length > 0 && starts.length === new Set(starts).size &&
    names.every((keys) => keys.join() === names[0]!.join());
}

/** Content → how many receivers the archive has for it. */
async function archivedContents(archive: string): Promise<Map<string, number>> {
  const store = fileSystemStore(archive);
  const found = new Map<string, number>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const message of decodeBatch((await store.get(key))!)) {
      const content = contentKey(contentOfFields(message));
      found.set(content, (found.get(content) ?? 0) + Object.keys(message.receivers).length);
    }
  }
  return found;
}

/** Node → of how many of its runs the archive knows when they listened. */
async function runsListening(archive: string): Promise<{ [node: string]: number }> {
  const store = fileSystemStore(archive);
  const runs = new Set<string>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "coverage") continue;
    const parsed = parseCoverage((await store.get(key))!);
    assert.ok(parsed.ok);
    for (const receiver of parsed.coverage.keys()) {
      runs.add(receiver.slice(0, receiver.lastIndexOf(".")));
    }
  }
  const counts: { [node: string]: number } = {};
  for (const run of [...runs].sort()) {
    const node = run.slice(0, run.lastIndexOf("."));
    counts[node] = (counts[node] ?? 0) + 1;
  }
  return counts;
}

type Truth = Awaited<ReturnType<typeof serveSimulatedTwitch>>["twitch"]["truth"];

/** To how many connections each content was sent, and which some connection has surely read. */
function countsOf(truth: Truth) {
  const delivered = new Map<string, number>();
  const acknowledged = new Set<string>();
  for (const { connection } of truth.connections) {
    for (const { line } of truth.deliveredTo(connection)) {
      const content = contentOfLine(line);
      delivered.set(content, (delivered.get(content) ?? 0) + 1);
    }
    for (const { line } of truth.acknowledgedBy(connection)) acknowledged.add(contentOfLine(line));
  }
  return { delivered, acknowledged };
}

function contentOfLine(line: string): string {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok);
  return contentKey(contentOf(parsed.message));
}
