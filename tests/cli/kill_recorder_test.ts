import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArchiveKey } from "../../src/core/archive_key.ts";
import { fileSystemStore } from "../../src/adapters/file_system_store.ts";
import { serveSimulatedTwitch } from "../../src/cli/simulation/serve_simulated_twitch.ts";
import { decodeBatch } from "../../src/core/batch.ts";
import { contentKey, contentOf, contentOfFields } from "../../src/core/content.ts";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import { between, seededRandom } from "../../src/testing/seeded_random.ts";

// A recorder is killed at random moments while a simulated Twitch sends a thousand lines a second.
// Twitch asks it after every 25 lines with a PING, which is answered only once the lines before are
// journaled: what was sent before an answered PING was surely read, and must be in the archive.

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const { CI, KILLS: WISHED, SIM_SEED: SEED = "kill" } = process.env;
const KILLS = Number(WISHED ?? (CI ? 20 : 5));
const LINES_PER_SECOND = 1_000;

test(`a recorder killed ${KILLS} times has archived every line it had read, once`, async (t) => {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-kill-"));
  const random = seededRandom(SEED);
  const served = await serveSimulatedTwitch({
    seed: SEED,
    channels: ["forsen", "ada_lovelace"],
    chat: { ratePerSecond: LINES_PER_SECOND / 2 },
    probeEvery: 25,
  });
  let child: ChildProcess | undefined;
  t.after(async () => {
    child?.kill("SIGKILL");
    await served.close();
    await rm(archive, { recursive: true });
  });
  const { truth } = served.twitch;
  // On a busy machine a recorder may connect more than once.
  const isHeardSince = (count: number) =>
    truth.connections.slice(count).some(({ acknowledgedCount }) => acknowledgedCount > 0);
  for (let kill = 0; kill < KILLS; kill++) {
    const connectionCount = truth.connections.length;
    child = record(served.url, archive);
    await until(() => isHeardSince(connectionCount));
    await sleep(between(random, [0, 1_500]));
    process.kill(child.pid!, "SIGKILL");
    await once(child, "exit");
  }
  const connectionCount = truth.connections.length;
  child = record(served.url, archive);
  await until(() => isHeardSince(connectionCount));
  // The last one recovers what the others left, and is stopped in good order.
  // What was on its way out when its remover was killed has a dot before its name, and goes later.
  await until(async () => {
    const names = await readdir(join(archive, ".chatloom", "journal"));
    return names.filter((name) => !name.startsWith(".")).length === 1;
  });
  process.kill(child.pid!, "SIGTERM");
  const [exitCode] = await once(child, "exit");
  assert.equal(exitCode, 0);

  const archived = await sightingsByContent(archive);
  const { delivered, acknowledged } = countsOf(served.twitch.truth);
  let lines = 0;
  for (const [content, receivers] of archived) {
    // A receiver may hear the same JOIN again, but no exact message.
    const isExact = content.includes("tmi-sent-ts");
    if (isExact) assert.equal(new Set(receivers).size, receivers.length, content);
    assert.ok(receivers.length <= (delivered.get(content) ?? 0), `invented or doubled: ${content}`);
    lines += receivers.length;
  }
  for (const [content, count] of acknowledged) {
    const found = archived.get(content)?.length ?? 0;
    assert.ok(found >= count, `${count - found} lost, replay with SIM_SEED=${SEED}: ${content}`);
  }
  console.log(`${KILLS} kills, ${lines} lines archived, ${sum(acknowledged)} surely read, 0 lost`);
  assert.ok(lines > KILLS * 100);
});

function record(url: string, archive: string): ChildProcess {
  const args = ["record", "forsen", "ada_lovelace", "--url", url, "--archive", archive];
  args.push("--log-level", "warning");
  return spawn(process.execPath, ["run", "--allow-all", "--no-check", MAIN, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !await isTrue(); i++) {
    assert.ok(i < 600, "waited 30 s in vain");
    await sleep(50);
  }
}

/** Content → the receivers that are in the archive for it, once for each sighting. */
async function sightingsByContent(archive: string): Promise<Map<string, string[]>> {
  const store = fileSystemStore(archive);
  const found = new Map<string, string[]>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const message of decodeBatch((await store.get(key))!)) {
      const content = contentKey(contentOfFields(message));
      found.set(content, [...found.get(content) ?? [], ...Object.keys(message.receivers)]);
    }
  }
  return found;
}

type Truth = Awaited<ReturnType<typeof serveSimulatedTwitch>>["twitch"]["truth"];

/** Content → to how many connections it was sent, and how many of them have surely read it. */
function countsOf(truth: Truth) {
  const delivered = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  for (const { connection } of truth.connections) {
    add(delivered, truth.deliveredTo(connection).map(({ line }) => line));
    add(acknowledged, truth.acknowledgedBy(connection).map(({ line }) => line));
  }
  return { delivered, acknowledged };
}

function add(counts: Map<string, number>, lines: readonly string[]): void {
  for (const line of lines) {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const content = contentKey(contentOf(parsed.message));
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, count) => all + count, 0);
}
