import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { until } from "../recording/recorder_child.ts";
import { MAIN, runCli } from "../run_cli.ts";

const PASSWORD = "tr0ub4dor";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}

test("a recorder whose broker is away shows it at /metrics, and its password nowhere", async (t) => {
  const [archive, configs] = [tempFolder(), tempFolder()];
  const served = await serveSimulatedTwitch({
    ...{ seed: "away", channels: ["forsen"], chat: { ratePerSecond: 50 }, probeEvery: 5 },
  });
  t.after(async () => {
    await served.close();
    for (const folder of [archive, configs]) folder.close();
  });
  const config = join(configs.path, "chatloom.toml");
  const [brokerPort, port] = [await freePort(), await freePort()];
  writeFileSync(config, `[broker]\nurl = "amqp://eve:${PASSWORD}@127.0.0.1:${brokerPort}/%2f"\n`);
  const isDeno = process.versions["deno"] !== undefined;
  const child = spawn(process.execPath, [
    ...(isDeno ? ["run", "-A", "--no-check"] : []),
    ...[MAIN, "record", "forsen", "--url", served.url, "--archive", archive.path],
    ...["--config", config, "--serve", `127.0.0.1:${port}`, "--open-metrics"],
    ...["--log-level", "debug"],
  ], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, "SIGKILL");
    await ended;
  });
  let told = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => told += text);
  }
  await until(() => told.includes("The broker cannot be used") || child.exitCode !== null);
  await until(() => (served.twitch.truth.connections.at(-1)?.acknowledgedCount ?? 0) > 20);
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const line of ["broker_links 0", "remote_waiting_messages 0", "remote_waiting_bytes 0"]) {
    assert.ok(page.includes(`\nchatloom_${line}\n`), `${line} is missing`);
  }
  assert.match(page, /\nchatloom_broker_failures_total\{code="STORE_UNREACHABLE"\} [1-9]/);
  assert.ok(!told.includes(PASSWORD), "the log has the password");
  assert.ok(!page.includes(PASSWORD), "the metrics have the password");
});

test("config check reads the file of the broker's address, and shows no password", async (t) => {
  const configs = tempFolder();
  t.after(() => configs.close());
  const path = join(configs.path, "chatloom.toml");
  const check = async (text: string) => {
    writeFileSync(path, text);
    const { exitCode, stdout, stderr } = await runCli(["config", "check", path], {
      env: { CHATLOOM_BROKER_URL: "" },
    });
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD), "it shows the password");
    return { exitCode, stderr };
  };
  const missing = await check('[broker]\nurl-file = "broker.url"\n');
  assert.equal(missing.exitCode, 2);
  assert.match(missing.stderr, /:2: broker.url-file cannot be read/);
  writeFileSync(join(configs.path, "broker.url"), `amqp://eve:${PASSWORD}@localhost\n`);
  assert.equal((await check('[broker]\nurl-file = "broker.url"\n')).exitCode, 0);
  const both = `[broker]\nurl = "amqp://eve:${PASSWORD}@a"\nurl-file = "broker.url"\n`;
  assert.equal((await check(both)).exitCode, 2);
  // Where the address is in the environment of the service, it need not be there for the check.
  assert.equal((await check('[broker]\narchive = "main"\n')).exitCode, 0);
});
