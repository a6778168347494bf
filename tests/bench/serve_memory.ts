import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A `chatloom serve` in a process of its own. */
export interface ServeProcess {
  /** Where readers ask. */
  readonly url: string;
  /** The most memory it ever held, in bytes, as Linux counts it. */
  readonly peakBytes: () => number;
  /** Ends it, and resolves once it is gone. */
  readonly stop: () => Promise<void>;
}

const FROM_SOURCE = [process.execPath, "run", "--allow-all", "--no-check", MAIN];

/** Starts `chatloom serve` over `folder` on a free port; `chatloom` is the command for it, from source by default. */
export async function startServe(
  folder: string,
  chatloom: readonly string[] = FROM_SOURCE,
): Promise<ServeProcess> {
  const [program, ...args] = [...chatloom, "serve", "--archive", folder, "--listen", ":0"];
  const child: ChildProcess = spawn(program!, args, {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stderr!.on("data", (chunk) => {
      text = (text + chunk).slice(-16_384);
      const match = / url=(\S+)\n/.exec(text);
      if (match !== null) resolve(match[1]!);
    });
    child.on("close", () => reject(new Error(`Cannot serve: ${text}`)));
  });
  return {
    url,
    peakBytes() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Gets `url` and throws the body away. Resolves to its length in bytes. */
export function drain(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    }).on("error", reject);
  });
}

/** Asks `/healthz` again and again until `signal` aborts. Resolves to the longest wait, in ms. */
export async function longestWait(url: string, signal: AbortSignal): Promise<number> {
  let longestMs = 0;
  while (!signal.aborted) {
    const startMs = performance.now();
    await drain(`${url}/healthz`);
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await sleep(5);
  }
  return longestMs;
}
