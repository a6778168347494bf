import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { runCli } from "../run_cli.ts";
import { type NodeProcess, startNode, startServing, stopNode, until } from "./node_processes.ts";

// A simulated Twitch sends 200 lines a second to one channel. A recorder serves what it has, and a server of
// its own reads the recorder's journal. Each message says when it was sent, by the clock of this machine.

const SECONDS = Number(process.env["LIVE_SECONDS"] ?? 8);
// A short run shares its machine with other tests: there only the CPU that it takes tells something.
const LIMIT_MS = SECONDS >= 60 ? 2_000 : 20_000;
const CPU_MAX_PERCENT = 80;
const RATE = 200;
const CHANNEL = "forsen";
/** How often a reader asks for the last seconds. */
const POLL_MS = 250;
const LINE_ID = /"id":"([^"]+)"[^\n]*?"tmi-sent-ts":"(\d+)"/;

/** When each message was seen for the first time, in ms after it was sent, and how often it came. */
class Seen {
  readonly delaysMs = new Map<string, number>();
  readonly counts = new Map<string, number>();

  take(line: string): void {
    const match = LINE_ID.exec(line);
    if (match === null) return;
    const [, id = "", sentMs] = match;
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    if (!this.delaysMs.has(id)) this.delaysMs.set(id, Date.now() - Number(sentMs));
  }

  p99(sinceCount: number): number {
    const delays = [...this.delaysMs.values()].slice(sinceCount).sort((a, b) => a - b);
    return delays[Math.floor(delays.length * 0.99)] ?? Infinity;
  }
}

/** Follows a feed, also over the end of its process, until `signal` aborts. */
async function followFeed(url: string, seen: Seen, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers: HeadersInit = lastId === undefined ? {} : { "last-event-id": lastId };
      const response = await fetch(`${url}/live?channel=${CHANNEL}`, { headers, signal });
      let text = "";
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const lines = text.split("\n");
        text = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith("id: ")) lastId = line.slice(4);
          if (line.startsWith("data: ")) seen.take(line);
        }
      }
    } catch {
      await sleep(50);
    }
  }
}

/** Asks again and again for the last seconds of chat, until `signal` aborts. */
async function pollChat(url: string, seen: Seen, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const nowS = Date.now() / 1_000;
    const start = new Date((nowS - 12) * 1_000).toISOString();
    const end = new Date((nowS + 60) * 1_000).toISOString();
    try {
      const asked = `${url}/${CHANNEL}/chat.json?start=${start}&end=${end}&command=PRIVMSG`;
      const text = await (await fetch(asked, { signal })).text();
      const ids = new Set<string>();
      for (const line of text.split(',{"command"')) {
        const id = LINE_ID.exec(line)?.[1] ?? "";
        assert.ok(id === "" || !ids.has(id), `${id} came twice in one answer`);
        ids.add(id);
        seen.take(line);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function cpuSeconds({ child }: NodeProcess): Promise<number> {
  return import("node:fs/promises").then(async ({ readFile }) => {
    const fields = (await readFile(`/proc/${child.pid}/stat`, "utf8")).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  }).catch(() => NaN);
}

test(`messages are seen within two seconds, at ${RATE} lines a second for ${SECONDS} s, and none is skipped by kill -9`, async (t) => {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-live-"));
  const served = await serveSimulatedTwitch({
    seed: "live",
    channels: [CHANNEL],
    chat: { ratePerSecond: RATE },
  });
  const stop = new AbortController();
  const nodes: NodeProcess[] = [];
  t.after(async () => {
    stop.abort();
    for (const node of nodes) await stopNode(node, "SIGKILL");
    await served.close();
    await rm(archive, { recursive: true });
  });
  const args = [CHANNEL, "--url", served.url, "--archive", archive, "--node", "node"];
  const recorder = await startNode(args);
  nodes.push(recorder);
  const beside = await startServing(["serve", "--archive", archive, "--listen", "127.0.0.1:0"]);
  nodes.push(beside);
  const own = `http://127.0.0.1:${recorder.port}`;
  const other = `http://127.0.0.1:${beside.port}`;
  const seen = {
    "feed of the recorder": new Seen(),
    "chat.json of the recorder": new Seen(),
    "feed beside it": new Seen(),
    "chat.json beside it": new Seen(),
  };
  const work = [
    followFeed(own, seen["feed of the recorder"], stop.signal),
    pollChat(own, seen["chat.json of the recorder"], stop.signal),
    followFeed(other, seen["feed beside it"], stop.signal),
    pollChat(other, seen["chat.json beside it"], stop.signal),
  ];
  for (const each of Object.values(seen)) {
    await until(() => each.counts.size > 0, { limitS: 30, what: "a first message" });
  }
  // What is asked for first may be seconds old.
  await sleep(2_000);
  const since = Object.values(seen).map(({ delaysMs }) => delaysMs.size);
  const cpuBefore = [await cpuSeconds(recorder), await cpuSeconds(beside)];
  await sleep(SECONDS * 1_000);
  const cpuAfter = [await cpuSeconds(recorder), await cpuSeconds(beside)];
  const cpu = cpuAfter.map((seconds, i) => Math.round(100 * (seconds - cpuBefore[i]!) / SECONDS));
  console.log(`CPU of the recorder ${cpu[0]} %, of the server ${cpu[1]} %, of one core`);
  for (const percent of cpu) assert.ok(!(percent > CPU_MAX_PERCENT), `${percent} % of a core`);
  for (const [i, [name, each]] of Object.entries(seen).entries()) {
    const p99 = each.p99(since[i]!);
    console.log(`${name}: p99 ${p99} ms of ${each.delaysMs.size - since[i]!} messages`);
    assert.ok(each.delaysMs.size - since[i]! > RATE * SECONDS * 0.5, `${name} saw too few`);
    assert.ok(p99 < LIMIT_MS, `${name}: p99 ${p99} ms`);
  }
  for (const name of ["feed of the recorder", "feed beside it"] as const) {
    assert.ok([...seen[name].counts.values()].every((count) => count === 1), `${name}: once each`);
  }

  await stopNode(recorder, "SIGKILL");
  await sleep(300);
  const again = await startNode([...args, "--serve", `127.0.0.1:${recorder.port}`]);
  nodes.push(again);
  const ids = new Set(seen["feed of the recorder"].counts.keys());
  await until(() => seen["feed of the recorder"].counts.size > ids.size + 100, {
    limitS: 30,
    what: "messages after the restart",
  });
  await sleep(4_000);
  // What was seen last need not be the last that was archived.
  const untilMs = Date.now() - 3_000;
  stop.abort();
  // Rarely a body that is aborted as its connection breaks stays pending in Deno.
  await Promise.race([Promise.all(work), sleep(3_000)]);
  await stopNode(again, "SIGTERM");
  const { stdout } = await runCli(["cat", "--archive", archive, CHANNEL, "--command", "PRIVMSG"]);
  const archived = stdout.trimEnd().split("\n").map((line) => LINE_ID.exec(line)!);
  for (const name of ["feed of the recorder", "feed beside it"] as const) {
    const [first] = seen[name].counts.keys();
    const from = archived.findIndex((match) => match[1] === first);
    // Twitch delivers out of order: the first seconds may have come before.
    const owed = archived.slice(from).filter(([, , sentMs], i) =>
      i > 50 && Number(sentMs) < untilMs
    );
    const missing = owed.filter(([, id = ""]) => !seen[name].counts.has(id));
    assert.ok(owed.length > RATE * SECONDS / 2);
    assert.deepEqual(missing.map(([, id]) => id), [], `${name} skipped some of ${owed.length}`);
  }
});
