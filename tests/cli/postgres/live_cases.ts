import assert from "node:assert/strict";
import { test } from "node:test";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { openArchives, type PostgresWorld } from "../../conformance/postgres/postgres_world.ts";
import { type NodeProcess, startNode, startServing, stopNode } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";

const CHANNEL = "forsen";
const ID = /"id":"([^"]+)"/;
const SENT = /"tmi-sent-ts":"(\d+)"/;
/** The promise is 2 s; a short run shares its machine with other tests. */
const LIMIT_MS = 10_000;
const MESSAGES = 150;

/** Messages of the feed, with when they came after they were sent, until there are enough. */
async function follow(port: number, delaysMs: Map<string, number>): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const response = await fetch(`http://127.0.0.1:${port}/live?channel=${CHANNEL}`, { signal });
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const [id, sentMs] = [ID.exec(line)?.[1], SENT.exec(line)?.[1]];
      if (id === undefined || sentMs === undefined) continue;
      assert.ok(!delaysMs.has(id), `${id} came twice`);
      delaysMs.set(id, Date.now() - Number(sentMs));
    }
    if (delaysMs.size >= MESSAGES) return;
  }
}

/** The ids of a channel's messages in the last quarter of an hour, as chat. */
async function chat(port: number): Promise<Set<string>> {
  const start = new Date(Date.now() - 900_000).toISOString().slice(0, 16);
  const end = new Date(Date.now() + 120_000).toISOString().slice(0, 16);
  const url = `http://127.0.0.1:${port}/${CHANNEL}/chat.json?start=${start}&end=${end}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return new Set([...text.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id!));
}

/** Several servers of one database, beside a recorder on another machine. */
export function liveCases(world: PostgresWorld): void {
  test("two servers tell what a recorder elsewhere receives, before it is stored", async (t) => {
    const archives = openArchives(world);
    const homes = [tempFolder(), tempFolder(), tempFolder()];
    const nodes: NodeProcess[] = [];
    const twitch = await serveSimulatedTwitch({
      seed: "live-postgres",
      channels: [CHANNEL],
      chat: { ratePerSecond: 50 },
      probeEvery: 25,
    });
    t.after(async () => {
      for (const node of nodes) await stopNode(node, "SIGKILL");
      await twitch.close();
      await archives.close();
      for (const home of homes) home.close();
    });
    const { address } = archives;
    // None of them can read a journal of another one.
    const home = (at: number) => ({ XDG_STATE_HOME: homes[at]!.path });
    nodes.push(await startNode([CHANNEL, "--archive", address, "--url", twitch.url], home(0)));
    const serve = ["serve", "--archive", address, "--listen", "127.0.0.1:0"];
    nodes.push(await startServing(serve, home(1)), await startServing(serve, home(2)));
    const servers = nodes.slice(1);
    const delays = servers.map(() => new Map<string, number>());
    await Promise.all(servers.map(({ port }, at) => follow(port, delays[at]!)));
    for (const each of delays) {
      const sorted = [...each.values()].sort((a, b) => a - b);
      const p99Ms = sorted[Math.floor(sorted.length * 0.99)]!;
      t.diagnostic(`${sorted.length} messages, p99 ${p99Ms} ms`);
      assert.ok(p99Ms < LIMIT_MS, `${p99Ms} ms`);
    }
    // An answer about an open minute has what the feed told.
    for (const [at, { port }] of servers.entries()) {
      const found = await chat(port);
      const missing = [...delays[at]!.keys()].filter((id) => !found.has(id));
      assert.deepEqual(missing, [], "messages of the feed are not in chat");
    }
    // What is redacted by any process is in no answer any more.
    const [id = ""] = delays[0]!.keys();
    assert.equal(await stopNode(nodes[0]!, "SIGTERM"), 0);
    const redacted = await runCli([
      ...["redact", CHANNEL, "--archive", address, "--id", id, "--reason", "test"],
    ]);
    assert.equal(redacted.exitCode, 0, redacted.stderr);
    for (const { port } of servers) {
      const found = await chat(port);
      assert.ok(!found.has(id) && found.size >= MESSAGES - 1, `${id} in ${found.size}`);
    }
  });

  test("index, verify and serve use the index of an archive in PostgreSQL", async (t) => {
    const archives = openArchives(world);
    t.after(() => archives.close());
    const { address, open, sql } = archives;
    const from = new URL("../../golden/synthetic/settled", import.meta.url).pathname;
    assert.equal((await runCli(["copy", from, address])).exitCode, 0);
    const indexed = await runCli(["index", "--archive", address]);
    assert.match(indexed.stdout, /^[1-9]\d* hours with [1-9]\d* messages indexed/, indexed.stderr);
    const again = await runCli(["index", "--archive", address]);
    assert.match(again.stdout, /^0 hours with 0 messages indexed/, again.stderr);
    const whole = await runCli(["verify", "--index", "--archive", address]);
    assert.equal(whole.exitCode, 0, whole.stdout);
    await sql("update $S.index_hour set counts = 'PRIVMSG 1'");
    const wrong = await runCli(["verify", "--index", "--archive", address]);
    assert.equal(wrong.exitCode, 1, wrong.stdout);
    const index = (await open()).index();
    const [channel = ""] = await index.channels();
    const hourUs = Date.UTC(2026, 7, 1, 12) * 1000;
    const span = { fromUs: hourUs, untilUs: hourUs + 1 };
    assert.equal((await index.hours(channel, span)).length, 1);
    const pruned = await runCli(["prune", channel, "--archive", address, "--older-than", "1d"]);
    assert.match(pruned.stdout, /[1-9]\d* files deleted/, pruned.stderr);
    assert.deepEqual(await index.hours(channel, span), []);
  });
}
