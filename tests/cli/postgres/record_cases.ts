import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { copyArchive } from "../../../src/engine/copy/copy_archive.ts";
import { openArchives, type PostgresWorld } from "../../conformance/postgres/postgres_world.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { assertNothingLost, CHANNELS, record, until } from "../recording/recorder_child.ts";

const SEED = process.env["SIM_SEED"] ?? "postgres";

/** Recording into a database. */
export function recordCases(world: PostgresWorld): void {
  test("a recorder archives in a database every line it read, though that was away at first and both were killed", async (t) => {
    const archives = openArchives(world);
    const [state, copied] = [tempFolder(), tempFolder()];
    const served = await serveSimulatedTwitch({
      seed: SEED,
      channels: CHANNELS,
      chat: { ratePerSecond: 250 },
      probeEvery: 25,
    });
    let child: ChildProcess | undefined;
    t.after(async () => {
      child?.kill("SIGKILL");
      await served.close();
      await archives.close();
      for (const folder of [state, copied]) folder.close();
    });
    const { truth } = served.twitch;
    const start = async () => {
      const connections = truth.connections.length;
      child = record(served.url, archives.address, ["env", `XDG_STATE_HOME=${state.path}`]);
      await until(() =>
        truth.connections.slice(connections).some((each) => each.acknowledgedCount > 100)
      );
      return child;
    };
    await world.server.kill();
    const first = await start();
    await world.server.start();
    process.kill(first.pid!, "SIGKILL");
    await once(first, "exit");
    const second = await start();
    await world.server.kill();
    const { acknowledgedCount } = truth.connections.at(-1)!;
    await until(() => truth.connections.at(-1)!.acknowledgedCount > acknowledgedCount + 200);
    await world.server.start();
    // What the first one kept is where the second one keeps what it hears, under the archive's id.
    const places = readdirSync(join(state.path, "chatloom"));
    assert.equal(places.length, 2, places.join());
    const journals = join(state.path, "chatloom", places.find((name) => !name.startsWith("at-"))!);
    await until(() => {
      const folder = join(journals, ".chatloom", "journal");
      return existsSync(folder) &&
        readdirSync(folder).filter((name) => !name.startsWith(".")).length === 1;
    });
    process.kill(second.pid!, "SIGTERM");
    const [exitCode] = await once(second, "exit");
    assert.equal(exitCode, 0);
    const { store } = await archives.open();
    const to = fileSystemStore(copied.path);
    await copyArchive({ from: store, to, hasher: nodeHasher() });
    const { lines } = await assertNothingLost(copied.path, { truth, seed: SEED });
    assert.ok(lines > 400, `${lines} lines`);
  });
}
