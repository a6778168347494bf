import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import type { RabbitServer } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { assertNothingLost, CHANNELS, record, until } from "../recording/recorder_child.ts";
import { runCli } from "../run_cli.ts";
import { startWorker } from "./worker_child.ts";

const SEED = process.env["SIM_SEED"] ?? "broker";
const ARCHIVE = "record";

/** Recording and importing by way of a worker, and a broker that dies. */
export function recordCases(server: RabbitServer): void {
  test("record and import hand to workers every line, though the broker starts late and is killed", async (t) => {
    const [archive, configs] = [tempFolder(), tempFolder()];
    const served = await serveSimulatedTwitch({
      seed: SEED,
      channels: CHANNELS,
      chat: { ratePerSecond: 250 },
      probeEvery: 25,
    });
    t.after(async () => {
      await served.close();
      for (const folder of [archive, configs]) folder.close();
    });
    const config = join(configs.path, "chatloom.toml");
    writeFileSync(join(configs.path, "broker.url"), `${server.url}\n`);
    writeFileSync(config, `[broker]\nurl-file = "broker.url"\narchive = "${ARCHIVE}"\n`);
    await server.kill();
    const { truth } = served.twitch;
    const heard = () => truth.connections.at(-1)?.acknowledgedCount ?? 0;
    const child = record(served.url, archive.path, [], ["--config", config]);
    t.after(() => child.kill("SIGKILL"));
    const worker = startWorker(t, {
      ...{ url: server.url, address: archive.path, archive: ARCHIVE },
      flags: ["--log-level", "debug"],
    });
    await until(() => heard() > 200);
    await server.start();
    await worker.said("The broker can be used again");
    await server.kill();
    const before = heard();
    await until(() => heard() > before + 100);
    await server.start();
    process.kill(child.pid!, "SIGTERM");
    const [exitCode] = await once(child, "exit");
    assert.equal(exitCode, 0);
    const { lines } = await assertNothingLost(archive.path, { truth, seed: SEED });
    assert.ok(lines > 300, `${lines} lines`);

    const capture =
      "@id=imported;tmi-sent-ts=1785587645123 :a!a@a.tmi.twitch.tv PRIVMSG #xqc :hi\n";
    const args = ["import", "-", "--archive", archive.path, "--config", config];
    const imported = await runCli(args, { input: capture });
    assert.equal(imported.exitCode, 0, imported.stderr);
    await worker.said("A turn in a channel begins channel=xqc");
    assert.deepEqual(await worker.end("SIGTERM"), [0, null], worker.log());
  });
}
