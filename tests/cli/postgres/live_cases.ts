import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "../../../src/async/collect.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { record } from "../../../src/node/record.ts";
import { openArchive } from "../../../src/node/wiring/archive.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { openArchives, type PostgresWorld } from "../../conformance/postgres/postgres_world.ts";
import { type NodeProcess, startNode, startServing, stopNode } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";
import { CHANNEL, chat, firstLines, follow, log, startRecording } from "./live_readers.ts";

/** The promise is 2 s; a short run shares its machine with other tests. */
const LIMIT_MS = 10_000;
const MESSAGES = 150;

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
    await Promise.all(servers.map(({ port }, at) => follow(port, delays[at]!, MESSAGES)));
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

  test("serve and tail tell what a recorder elsewhere receives that writes through workers, before any works", async (t) => {
    const archives = openArchives(world);
    const homes = [tempFolder(), tempFolder()];
    const nodes: NodeProcess[] = [];
    const twitch = await serveSimulatedTwitch({
      seed: "live-broker",
      channels: [CHANNEL],
      chat: { ratePerSecond: 50 },
      probeEvery: 25,
    });
    const recorded = startRecording(archives.address, { url: twitch.url, home: homes[0]!.path });
    t.after(async () => {
      await recorded.end();
      for (const node of nodes) await stopNode(node, "SIGKILL");
      await twitch.close();
      await archives.close();
      for (const home of homes) home.close();
    });
    const { address, open } = archives;
    const { store } = await open(); // It makes the tables, in case the server is sooner than the recorder.
    const home = { XDG_STATE_HOME: homes[1]!.path };
    const serve = ["serve", "--archive", address, "--listen", "127.0.0.1:0"];
    const [server, printed] = await Promise.all([
      startServing(serve, home),
      firstLines(["tail", CHANNEL, "--archive", address], { count: 20, env: home }),
    ]);
    nodes.push(server);
    for (const line of printed) assert.match(line, /^\[~?\d{4}-\d\d-\d\dT[\d:.]+Z\] /);
    const delays = new Map<string, number>();
    await follow(server.port, delays, 40);
    const [found, logged] = [await chat(server.port), await log(server.port)];
    assert.deepEqual([...delays.keys()].filter((id) => !found.has(id)), []);
    assert.deepEqual([...delays.keys()].filter((id) => !logged.has(id)), []);
    assert.deepEqual(await collect(store.list("")), [], "a worker stored what was told");
  });

  test("record gives others what it receives, before it is stored", async (t) => {
    const archives = openArchives(world);
    const twitch = await serveSimulatedTwitch({
      seed: "live-record",
      channels: [CHANNEL],
      chat: { ratePerSecond: 50 },
    });
    const archive = await openArchive(archives.address, { create: true });
    const home = tempFolder();
    const stop = new AbortController();
    // Its journal must not be in this user's state folder.
    const parts = { ...archive.parts, journalFolder: home.path };
    const recording = record({ ...archive, parts }, [CHANNEL], {
      url: twitch.url,
      signal: stop.signal,
    });
    t.after(async () => {
      stop.abort();
      await recording;
      await archive.parts.close();
      await twitch.close();
      await archives.close();
      home.close();
    });
    const { liveLines } = await archives.open();
    const lines: string[] = [];
    const heard = AbortSignal.any([AbortSignal.timeout(60_000), stop.signal]);
    await liveLines.follow((_, line) => {
      if (lines.push(line) >= 10) stop.abort();
    }, heard);
    assert.ok(lines.length >= 10, `${lines.length} lines`);
    for (const line of lines) assert.match(line, /"params":\["#forsen"/);
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
