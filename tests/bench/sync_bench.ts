// How fast an archive is copied over HTTP, and how little equal archives say to each other.
//
// The sketch: 10,000 batches of 2 kB are 20 MB, which a disk copies in a fraction of a second. A sync asks
// for each file (a request on loopback is some 0.2 ms of both sides' time), hashes it, reads it, and flushes
// the file and its folder before it counts as safe: two to three flushes a file are the floor, which `cp`
// does not pay. Two equal archives have one request to make, whatever their size.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { httpPeer } from "../../src/adapters/http_peer/http_peer.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { type ArchiveKey, batchKey } from "../../src/core/archive/archive_key.ts";
import { MINUTE_US } from "../../src/core/time.ts";
import { tellRow } from "./bench_row.ts";
import { storePeer, syncNode } from "../simulation/sync/sync_world.ts";

const BATCHES = Number(process.env["BATCHES"] ?? 10_000);
const EQUAL_BATCHES = 100_000;
const START_US = Date.UTC(2026, 7, 1) * 1000;
const LINES = 8;
const NEVER = new AbortController().signal;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function batchAt(i: number): { key: ArchiveKey; bytes: Uint8Array } {
  const minuteUs = START_US + i * MINUTE_US;
  let text = "";
  for (let line = 0; line < LINES; line++) {
    const ms = minuteUs / 1000 + line * 1000;
    const time = `${ms / 1000}.0`;
    text += `{"command":"PRIVMSG","host":"a.tmi.twitch.tv","params":["#forsen","message ${i} ` +
      `of a length that is usual in chat"],"receivers":{"a.AbCdE.1":${time}},"sender":"a","tags":` +
      `{"id":"${i}-${line}","tmi-sent-ts":"${ms}"},"time":${time},"time_range":0.0,"user":"a"}\n`;
  }
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest());
  return { key: batchKey("forsen", { timeUs: minuteUs, digest }), bytes };
}

async function equalArchives(): Promise<void> {
  const [here, there] = [memoryStore(), memoryStore()];
  for (let i = 0; i < EQUAL_BATCHES; i++) {
    const { key, bytes } = batchAt(i);
    await here.put(key, bytes);
    await there.put(key, bytes);
  }
  const node = syncNode({ name: "here", clock: systemClock(), files: here });
  const peer = storePeer("there", there);
  node.syncer.setPeers([peer]);
  const startMs = performance.now();
  await node.syncer.once({ signal: NEVER, check: false });
  const seconds = (performance.now() - startMs) / 1000;
  const files = [...peer.reads.values()].length;
  if (files !== 0) throw new Error("Cannot be: equal archives gave each other files");
  tellRow({
    name: `equal archives of ${EQUAL_BATCHES} batches`,
    figure: peer.requests,
    unit: "requests",
    atMost: 1,
    detail: `${seconds.toFixed(2)} s for the digests of both sides in memory`,
  });
}

async function copyArchive(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "chatloom-sync-bench-"));
  const from = join(root, "from");
  let bytesTotal = 0;
  for (let i = 0; i < BATCHES; i++) {
    const { key, bytes } = batchAt(i);
    const path = join(from, key);
    if (i % 60 === 0) await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, bytes);
    bytesTotal += bytes.length;
  }
  const server = spawn(process.execPath, [
    ...(process.versions["deno"] === undefined ? [] : ["run", "-A", "--no-check"]),
    MAIN,
    ...["serve", "--archive", from, "--listen", "127.0.0.1:0", "--rate", "1000000"],
  ], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  try {
    const url = await new Promise<string>((resolve) =>
      createInterface({ input: server.stderr! }).on("line", (line) => {
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
        if (found !== null) resolve(found[0]);
      })
    );
    const copyMs = performance.now();
    spawnSync("cp", ["-r", from, join(root, "copy")]);
    const cpS = (performance.now() - copyMs) / 1000;
    const files = fileSystemStore(join(root, "to"));
    const floorMs = performance.now();
    const floorStore = fileSystemStore(join(root, "floor"));
    const keys = Array.from({ length: BATCHES }, (_, i) => i);
    for (let at = 0; at < keys.length; at += 8) {
      await Promise.all(
        keys.slice(at, at + 8).map((i) => {
          const { key, bytes } = batchAt(i);
          return floorStore.put(key, bytes);
        }),
      );
    }
    const putS = (performance.now() - floorMs) / 1000;
    const node = syncNode({ name: "to", clock: systemClock(), files });
    node.syncer.setPeers([httpPeer(url)]);
    const startMs = performance.now();
    const [state] = await node.syncer.once({ signal: NEVER, check: false });
    const syncS = (performance.now() - startMs) / 1000;
    if (state?.files !== BATCHES) {
      throw new Error(`Cannot be: ${state?.files} files, ${state?.status}`);
    }
    const times = [syncS, putS, cpS].map((each) => `${each.toFixed(1)} s`);
    tellRow({
      name: `sync ${BATCHES} batches on loopback`,
      figure: syncS / putS,
      unit: "× storing the same files safely",
      detail: `${times[0]} against ${times[1]}; cp -r of ${(bytesTotal / 1e6).toFixed(1)} MB: ${
        times[2]
      }`,
    });
  } finally {
    process.kill(server.pid!, "SIGTERM");
    await rm(root, { recursive: true });
  }
}

await equalArchives();
await copyArchive();
