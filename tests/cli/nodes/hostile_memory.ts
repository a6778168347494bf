import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";

const PEERS = fileURLToPath(new URL("../../conformance/peer/hostile_peers.ts", import.meta.url));
const LIMIT_BYTES = 250_000_000;

/** Why the peak of a process cannot be measured here; `false` if it can. */
export const CANNOT_MEASURE = existsSync("/proc/self/status")
  ? false
  : "the peak of memory is read from Linux's /proc";

/**
 * Lets a process of its own run `command … sync --once` from a good peer and all hostile ones, and
 * checks that the good one's files came and how much memory the process held.
 */
export async function assertHostileMemory(
  runtime: string,
  command: readonly string[],
): Promise<void> {
  const [program = "", ...args] = command;
  const serve = ["run", "--allow-all", "--no-check", PEERS];
  const peers = spawn(process.execPath, serve, { stdio: ["pipe", "pipe", "inherit"] });
  const root = await mkdtemp(join(tmpdir(), "chatloom-memory-"));
  try {
    const [line] = await once(createInterface({ input: peers.stdout }), "line");
    const { names, urls }: { names: string[]; urls: string[] } = JSON.parse(line);
    const archive = join(root, "archive");
    const sync = [
      "sync",
      "--archive",
      archive,
      "--once",
      ...urls.flatMap((url) => ["--peer", url]),
    ];
    const { peakBytes, stdout } = await runMeasured(program, [...args, ...sync]);
    const peak = `${Math.round(peakBytes / 1e6)} MB`;
    console.log(`${names.length} hostile peers: sync in ${runtime} held ${peak} at the most`);
    assert.ok(peakBytes > 30e6, "the peak was not measured");
    assert.ok(peakBytes < LIMIT_BYTES, `${peak}\n${stdout}`);
    const keys = [];
    for await (const key of fileSystemStore(archive).list("")) keys.push(key);
    assert.equal(keys.length, 2, `the good peer's files did not come\n${stdout}`);
    assert.match(stdout, new RegExp(`${urls.at(-1)}: 2 files`));
  } finally {
    peers.stdin.end();
    await rm(root, { recursive: true });
  }
}

async function runMeasured(
  program: string,
  args: readonly string[],
): Promise<{ readonly peakBytes: number; readonly stdout: string }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  let peakBytes = 0;
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    peakBytes = Math.max(peakBytes, peakKiB * 1024);
  }, 50);
  await once(child, "exit");
  clearInterval(timer);
  return { peakBytes, stdout };
}
