/**
 * Serving two hours of a busy channel as NDJSON, beside reading and hashing the same files.
 *
 * On the back of an envelope: a busy channel brings 20 lines a second, 850 bytes each as stored: two
 * hours are 144,000 messages and 120 MB in 120 files. A server of them must read them and hash
 * them, or could not know that they are whole: SHA-256 takes 1 GB/s, so 0.15 s with the reading. On
 * top come the socket, about as much again, and for an hour that was never read the merge, at the
 * pace of parsing JSON. The server is a process of its own, as it is in life; the client throws
 * away what it gets.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { tellRow } from "./bench_row.ts";
import { writeBusyArchive } from "./busy_archive.ts";

const MINUTES = 120;
const LINES_PER_MINUTE = 1_200;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "chatloom-serve-bench-"));
const byteCount = await writeBusyArchive(folder, {
  minutes: MINUTES,
  linesPerMinute: LINES_PER_MINUTE,
});
console.log(`${MINUTES * LINES_PER_MINUTE} messages, ${(byteCount / 1e6).toFixed(0)} MB`);

function readAndHash(): number {
  const startMs = performance.now();
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"));
  for (const path of paths) {
    const hash = createHash("sha256").update(readFileSync(join(folder, path))).digest("base64url");
    if (!path.includes(hash)) throw new Error(`Cannot measure: ${path} is damaged`);
  }
  return performance.now() - startMs;
}

interface Fetched {
  readonly firstMs: number;
  readonly wholeMs: number;
  readonly bytes: number;
}

function fetchAll(url: string, headers: Record<string, string> = {}): Promise<Fetched> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      let firstMs = 0;
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        if (bytes === 0) firstMs = performance.now() - startMs;
        bytes += chunk.length;
      });
      response.on("end", () => resolve({ firstMs, wholeMs: performance.now() - startMs, bytes }));
      response.on("error", reject);
    }).on("error", reject);
  });
}

async function withServer<T>(
  work: (url: string, operatorUrl: string) => Promise<T>,
): Promise<T> {
  const flags = ["--archive", folder, "--listen", ":0", "--operator-listen", ":0"];
  const args = ["run", "--allow-all", MAIN, "serve", ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const [url, operatorUrl] = await new Promise<[string, string]>((resolve, reject) => {
      let text = "";
      child.stderr.on("data", (chunk) => {
        text += chunk;
        const match = /operatorUrl=(\S+)[^]* url=(\S+)\n/.exec(text);
        if (match !== null) resolve([match[2]!, match[1]!]);
      });
      child.on("close", () => reject(new Error(`Cannot serve: ${text}`)));
    });
    return await work(url, operatorUrl);
  } finally {
    child.kill("SIGTERM");
  }
}

const RANGE = "start=2026-08-01T12:00&end=2026-08-01T14:00";
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
try {
  readAndHash();
  const floors: number[] = [];
  const colds: Fetched[] = [];
  const agains: Fetched[] = [];
  let memoryMb = 0;
  for (let round = 0; round < 3; round++) {
    floors.push(readAndHash());
    await withServer(async (url, operatorUrl) => {
      await fetchAll(`${url}/healthz`);
      colds.push(await fetchAll(`${url}/forsen/chat.ndjson?${RANGE}`));
      agains.push(await fetchAll(`${url}/forsen/chat.ndjson?${RANGE}`));
      const page = await (await fetch(`${operatorUrl}/metrics`)).text();
      memoryMb = Number(/^process_resident_memory_bytes (\S+)$/m.exec(page)?.[1]) / 1e6;
    });
  }
  for (const { bytes } of [...colds, ...agains]) {
    if (bytes !== byteCount) throw new Error(`Cannot measure: ${bytes} of ${byteCount} bytes came`);
  }
  const floorMs = median(floors);
  const tell = (name: string, ms: number) =>
    tellRow({
      name,
      figure: ms / floorMs,
      unit: "× read and hash the files",
      detail: `${ms.toFixed(0)} against ${floorMs.toFixed(0)} ms`,
    });
  tell("serve 2 h, first time", median(colds.map(({ wholeMs }) => wholeMs)));
  tell("serve 2 h, first bytes", median(colds.map(({ firstMs }) => firstMs)));
  tell("serve 2 h, again", median(agains.map(({ wholeMs }) => wholeMs)));
  console.log(`memory of the server afterwards: ${memoryMb.toFixed(0)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
