import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { skipRabbit, startRabbit } from "../../conformance/broker/rabbit_server.ts";
import { StoringWorker } from "../../engine/remote/storing_worker.ts";
import { assertNothingLost, CHANNELS, record, until } from "../recording/recorder_child.ts";
import { runCli } from "../run_cli.ts";

const SEED = process.env["SIM_SEED"] ?? "broker";

test("record and import hand to workers every line, though the broker starts late and is killed", {
  skip: skipRabbit,
}, async (t) => {
  const [archive, configs] = [tempFolder(), tempFolder()];
  const server = await startRabbit();
  const served = await serveSimulatedTwitch({
    seed: SEED,
    channels: CHANNELS,
    chat: { ratePerSecond: 250 },
    probeEvery: 25,
  });
  t.after(async () => {
    await served.close();
    await server.close();
    for (const folder of [archive, configs]) folder.close();
  });
  const config = join(configs.path, "chatloom.toml");
  writeFileSync(join(configs.path, "broker.url"), `${server.url}\n`);
  writeFileSync(config, '[broker]\nurl-file = "broker.url"\narchive = "test"\n');
  await server.kill();
  const { truth } = served.twitch;
  const heard = () => truth.connections.at(-1)?.acknowledgedCount ?? 0;
  const child = record(served.url, archive.path, [], ["--config", config]);
  t.after(() => child.kill("SIGKILL"));
  await until(() => heard() > 200);
  await server.start();
  const store = fileSystemStore(archive.path);
  const worker = new StoringWorker(store, { archive: "test" });
  t.after(() => worker.stop());
  await worker.start(amqpBroker({ url: server.url }));
  await server.kill();
  const before = heard();
  await until(() => heard() > before + 100);
  await server.start();
  await worker.start(amqpBroker({ url: server.url }));
  process.kill(child.pid!, "SIGTERM");
  const [exitCode] = await once(child, "exit");
  assert.equal(exitCode, 0);
  assert.ok(worker.heard.length > 0);
  const { lines } = await assertNothingLost(archive.path, { truth, seed: SEED });
  assert.ok(lines > 300, `${lines} lines`);

  const capture = "@id=imported;tmi-sent-ts=1785587645123 :a!a@a.tmi.twitch.tv PRIVMSG #xqc :hi\n";
  const args = ["import", "-", "--archive", archive.path, "--config", config];
  const imported = await runCli(args, { input: capture });
  assert.equal(imported.exitCode, 0, imported.stderr);
  assert.ok(worker.heard.some((each) => each.startsWith("put xqc/chat/")));
});

test("a configuration that names no broker, or two, says so with its place", async (t) => {
  const configs = tempFolder();
  t.after(() => configs.close());
  const path = join(configs.path, "chatloom.toml");
  const cases = [
    ["[broker]\n", /:1: broker names no address: set url, url-file or \$CHATLOOM_BROKER_URL/],
    ['[broker]\nurl = "amqp://a"\nurl-file = "b"\n', /:3: broker.url-file cannot stand beside/],
    ['[broker]\nurl-file = "b"\n', /:2: broker.url-file cannot be read/],
    ['[broker]\nurl = "amqp://a"\narchive = "A.b"\n', /:3: broker.archive must be 1 to 64 of/],
    [
      '[broker]\nurl = "amqp://a"\nwaitmin-s = 3\n',
      /:3: broker.waitmin-s is unknown; did you mean/,
    ],
  ] as const;
  for (const [text, words] of cases) {
    writeFileSync(path, text);
    const args = ["import", "none.log", "--archive", configs.path, "--config", path];
    const { exitCode, stderr } = await runCli(args, { env: { CHATLOOM_BROKER_URL: "" } });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, words);
  }
});
