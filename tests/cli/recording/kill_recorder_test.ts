import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { between, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { assertNothingLost, CHANNELS, record, until } from "./recorder_child.ts";

// A recorder is killed at random moments while a simulated Twitch sends a thousand lines a second.
// Twitch asks it after every 25 lines with a PING, which is answered only once the lines before are
// journaled: what was sent before an answered PING was surely read, and must be in the archive.

const { CI, KILLS: WISHED, SIM_SEED: SEED = "kill" } = process.env;
const KILLS = Number(WISHED ?? (CI ? 20 : 5));
const LINES_PER_SECOND = 1_000;

test(`a recorder killed ${KILLS} times has archived every line it had read, once`, async (t) => {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-kill-"));
  const random = seededRandom(SEED);
  const served = await serveSimulatedTwitch({
    seed: SEED,
    channels: CHANNELS,
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
  // The last one recovers what the others left, and is stopped by a signal.
  // What was on its way out when its remover was killed has a dot before its name, and goes later.
  await until(async () => {
    const names = await readdir(join(archive, ".chatloom", "journal"));
    return names.filter((name) => !name.startsWith(".")).length === 1;
  });
  process.kill(child.pid!, "SIGTERM");
  const [exitCode] = await once(child, "exit");
  assert.equal(exitCode, 0);

  const { lines, acknowledged } = await assertNothingLost(archive, { truth, seed: SEED });
  console.log(`${KILLS} kills, ${lines} lines archived, ${acknowledged} surely read, 0 lost`);
  assert.ok(lines > KILLS * 100);
});
