import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { BUSY_START_S } from "../busy_archive.ts";
import { drain, startServe } from "../serve_memory.ts";
import { batchPaths } from "./archive_tree.ts";
import type { BenchRuntime } from "./bench_runtime.ts";
import type { Measured } from "./measure_command.ts";

/** The two hours that are asked for. */
const RANGE = [0, 2].map((hours) => new Date((BUSY_START_S + hours * 3600) * 1000).toISOString());

/**
 * A new server's first answer to a request for two hours, beside reading and hashing the same files in
 * this process. Only the time of the request counts, not the start of the server.
 */
export async function serveRound(
  archive: string,
  runtime: BenchRuntime,
): Promise<{ readonly floor: Measured; readonly served: Measured }> {
  const startMs = performance.now();
  let byteCount = 0;
  for (const path of batchPaths(archive)) {
    const bytes = readFileSync(join(archive, path));
    const hash = createHash("sha256").update(bytes).digest("base64url");
    if (!path.endsWith(`-${hash}.json`)) throw new Error(`Cannot measure: ${path} is damaged`);
    byteCount += bytes.length;
  }
  const floorMs = performance.now() - startMs;
  const server = await startServe(archive, runtime.chatloom);
  try {
    await drain(`${server.url}/healthz`);
    const askedMs = performance.now();
    const [start, end] = RANGE;
    const sent = await drain(`${server.url}/forsen/chat.ndjson?start=${start}&end=${end}`);
    const servedMs = performance.now() - askedMs;
    if (sent !== byteCount) throw new Error(`Cannot measure: ${sent} of ${byteCount} bytes came`);
    return {
      floor: { ...ofTime(floorMs), peakBytes: process.memoryUsage.rss() },
      served: { ...ofTime(servedMs), peakBytes: server.peakBytes() },
    };
  } finally {
    await server.stop();
  }
}

function ofTime(wallMs: number): Omit<Measured, "peakBytes"> {
  return { wallMs, cpuMs: Infinity, stdout: "" };
}
