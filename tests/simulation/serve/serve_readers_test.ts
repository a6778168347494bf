import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { bestHasher } from "../../../src/adapters/hashers/web_crypto_hasher.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { batchKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../../src/core/batch/batch.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { said } from "../../conformance/api/api_world.ts";
import { until } from "../../waiting/until.ts";

// One node records a thousand lines a second while many read: in full, as promised, a thousand for
// a minute with READERS_SECONDS=60. Unless told, a sample that a busy machine can bear.

const NODE = fileURLToPath(new URL("./serve_readers_node.ts", import.meta.url));
const { READERS_SECONDS, READERS: WISHED_READERS } = process.env;
const SECONDS = Number(READERS_SECONDS ?? 3);
const READERS = Number(WISHED_READERS ?? (READERS_SECONDS === undefined ? 100 : 1_000));
const CALM_SECONDS = Math.min(5, SECONDS);
/** How long a reader looks at what it got, as a page does that shows chat while it comes. */
const PAUSE_MS = 1_000;
const LINES_PER_SECOND = 1_000;

/** Chat that was there before: three minutes of as many lines. */
async function writeHistory(archive: string): Promise<string[]> {
  const hasher = await bestHasher();
  const paths: string[] = [];
  for (let minute = 0; minute < 3; minute++) {
    const lines = Math.min(60, SECONDS) * LINES_PER_SECOND;
    const bytes = encodeBatch(
      Array.from(
        { length: lines },
        (_, i) =>
          said(60 * minute + Math.floor(i * 60_000 / lines) / 1000, `history ${minute} ${i}`, {
            login: `user${i % 500}`,
          }),
      ),
    );
    const timeUs = (1785585600 + 60 * minute) * 1e6;
    const key = batchKey("forsen", { timeUs, digest: await hasher.digest(bytes) });
    mkdirSync(dirname(join(archive, key)), { recursive: true });
    writeFileSync(join(archive, key), bytes);
    paths.push(key);
  }
  return paths;
}

interface Tally {
  answers: number;
  bytes: number;
  slowestMs: number;
  readonly errors: string[];
}

function ask(url: string, agent: Agent): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes }));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

/** Asks again and again, each time for something else, until told to stop. */
async function read(
  reader: number,
  { url, agent, tally, signal }: {
    readonly url: string;
    readonly agent: Agent;
    readonly tally: Tally;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const range = "start=2026-08-01T12:00&end=2026-08-01T12:03";
  const paths = [
    `/forsen/chat.json?${range}&limit=50&reverse=true`,
    `/forsen/chat.ndjson?${range}&limit=100`,
    "/files/forsen/chat/2026-08-01T12",
    `/forsen/chat.json?start=2026-08-01T12:01&end=2026-08-01T12:01:02&limit=20&user=user${
      reader % 500
    }`,
  ];
  await sleep(PAUSE_MS * reader / READERS);
  for (let i = reader; !signal.aborted; i++) {
    const path = paths[i % paths.length]!;
    const startMs = performance.now();
    try {
      const { status, bytes } = await ask(url + path, agent);
      tally.answers++;
      tally.bytes += bytes;
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startMs);
      if (status !== 200 || bytes < 10) tally.errors.push(`${path}: ${status}, ${bytes} bytes`);
    } catch (error) {
      tally.errors.push(`${path}: ${error}`);
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {}); // Stopped: the loop ends.
  }
}

async function linesFrom(child: ChildProcess): Promise<AsyncIterator<string>> {
  await Promise.resolve();
  async function* lines() {
    let text = "";
    for await (const chunk of child.stdout!) {
      text += chunk;
      for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n")) {
        yield text.slice(0, at);
        text = text.slice(at + 1);
      }
    }
  }
  return lines();
}

/** The ids of messages of an archive, each as often as it stands there, history left out. */
async function idsIn(archive: string): Promise<string[]> {
  const store = fileSystemStore(archive);
  const ids: string[] = [];
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const { tags } of decodeBatch((await store.get(key))!)) {
      const id = tags?.["id"];
      if (id !== undefined && !id.startsWith("history")) ids.push(id);
    }
  }
  return ids;
}

test(`${READERS} readers for ${SECONDS} s: no line lost, no error`, async (t) => {
  const archive = mkdtempSync(join(tmpdir(), "chatloom-readers-"));
  const served = await serveSimulatedTwitch({
    seed: "readers",
    channels: ["forsen"],
    chat: { ratePerSecond: LINES_PER_SECOND },
    probeEvery: 25,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: READERS });
  await writeHistory(archive);
  const args = ["run", "--allow-all", "--no-check", NODE, served.url, archive];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    child.kill("SIGKILL");
    agent.destroy();
    await served.close();
    rmSync(archive, { recursive: true, force: true });
  });
  const lines = await linesFrom(child);
  const url = String((await lines.next()).value);
  const { truth } = served.twitch;
  await until(() => (truth.connections[0]?.acknowledgedCount ?? 0) > 0, "a recorded line");
  process.kill(child.pid!, "SIGUSR2"); // What was before does not count.
  await sleep(1_000 * CALM_SECONDS);
  process.kill(child.pid!, "SIGUSR2");
  const tally: Tally = { answers: 0, bytes: 0, slowestMs: 0, errors: [] };
  const stop = new AbortController();
  const reading = Promise.all(
    Array.from({ length: READERS }, (_, i) => read(i, { url, agent, tally, signal: stop.signal })),
  );
  await sleep(1_000 * SECONDS);
  stop.abort();
  await reading;
  process.kill(child.pid!, "SIGTERM");
  const report = JSON.parse(String((await lines.next()).value));
  await once(child, "exit");

  const [, calm, storm] = report.phases;
  console.log(
    `${tally.answers} answers, ${(tally.bytes / 1e6).toFixed(1)} MB, slowest ${
      tally.slowestMs.toFixed(0)
    } ms; ${report.received} lines received`,
  );
  console.log(`without readers ${JSON.stringify(calm)}`);
  console.log(`with readers    ${JSON.stringify(storm)}`);
  assert.deepEqual(tally.errors.slice(0, 5), []);
  assert.deepEqual(report.troubles, []);
  assert.ok(tally.answers >= READERS, `only ${tally.answers} answers`);

  const archived = await idsIn(archive);
  const found = new Set(archived);
  assert.equal(found.size, archived.length, "a line stands in the archive twice");
  assert.equal(truth.connections.length, 1, "the node lost its connection");
  let surelyRead = 0;
  for (const { line } of truth.acknowledgedBy(truth.connections[0]!.connection)) {
    const parsed = parseIrcLine(line);
    const id = parsed.ok ? parsed.message.tags?.["id"] : undefined;
    if (id === undefined) continue;
    surelyRead++;
    assert.ok(found.has(id), `lost: ${line}`);
  }
  console.log(`${surelyRead} messages surely read, ${archived.length} archived, 0 lost`);
  assert.ok(surelyRead > LINES_PER_SECOND * SECONDS / 3, `only ${surelyRead} messages were read`);
});
