import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { MAIN, runCli } from "../run_cli.ts";
import { startNode, stopNode } from "./node_processes.ts";

/** Runs a verb until it has printed `count` lines, ends it as Ctrl-C does, and returns these lines. */
async function linesOf(args: readonly string[], count: number): Promise<string[]> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["run", "--allow-all", "--no-check", MAIN, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } },
  );
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => stderr += text);
  const lines: string[] = [];
  const enough = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      if (lines.length === count) resolve();
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  await enough;
  const exited = once(child, "exit");
  process.kill(child.pid!, "SIGINT");
  const [exitCode] = await exited;
  assert.equal(exitCode, 0, stderr);
  return lines;
}

test("tail and cat --follow print what comes, from an archive's journals and from a node", async (t) => {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-tail-"));
  const served = await serveSimulatedTwitch({
    seed: "tail",
    channels: ["forsen", "ada_lovelace"],
    chat: { ratePerSecond: 20 },
  });
  const node = await startNode([
    ...["forsen", "ada_lovelace", "--url", served.url, "--archive", archive, "--node", "node"],
  ]);
  t.after(async () => {
    await stopNode(node, "SIGKILL");
    await served.close();
    await rm(archive, { recursive: true });
  });
  const nothing = await runCli(["cat", "--archive", archive, "forsen"]);
  assert.equal(nothing.stdout, "", "nothing is archived yet");

  const texts = await linesOf(["tail", "forsen", "--archive", archive], 5);
  for (const line of texts) assert.match(line, /^\[~?\d{4}-\d\d-\d\dT[\d:.]+Z\] /);

  const url = `http://127.0.0.1:${node.port}`;
  const filter = ["--command", "PRIVMSG", "--format", "json"];
  const json = await linesOf(["tail", "forsen", "ada_lovelace", "--node", url, ...filter], 8);
  const messages = json.map((line) => JSON.parse(line) as { command: string; params: string[] });
  assert.ok(messages.every(({ command }) => command === "PRIVMSG"));
  assert.ok(messages.every(({ params }) => ["#forsen", "#ada_lovelace"].includes(params[0]!)));

  // The range of a message without a time of its own narrows as others come, and may move it.
  const cat = ["cat", "--archive", archive, "forsen", "--follow", "--command", "PRIVMSG"];
  const first = await linesOf(cat, 30);
  const again = await linesOf(cat, 30);
  assert.deepEqual(again.slice(0, 10), first.slice(0, 10), "it begins with what came first");
});

test("tail says in one line what it cannot follow", async () => {
  const both = await runCli(["tail", "forsen"]);
  assert.match(both.stderr, /name either an archive with --archive or a node with --node/);
  const nowhere = await runCli(["tail", "forsen", "--node", "http://127.0.0.1:1"]);
  assert.notEqual(nowhere.exitCode, 0);
  assert.equal(nowhere.stderr.trimEnd().split("\n").length, 1, nowhere.stderr);
  const files = await runCli(["cat", "file.json", "--follow"]);
  assert.match(files.stderr, /--follow needs --archive/);
});
