import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SAME_REQUEST_MS } from "../../../src/cli/frame/interruption.ts";

const PROGRAM = fileURLToPath(new URL("waiting_program.ts", import.meta.url));

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["run", "--allow-all", "--no-check", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
}

/** Resolves when `child` has written, rejects if it ends before. */
function written(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

test("interruption aborts at the first signal, with the exit code as reason", async () => {
  for (const [name, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    const child = start();
    await written(child);
    const exit = exitOf(child);
    process.kill(child.pid!, name);
    assert.equal(await exit, exitCode);
  }
});

test("interruption takes signals that come together for one, and a later one for impatience", async () => {
  const child = start("slow");
  let said = "";
  child.stdout!.on("data", (text) => said += text);
  await written(child);
  const stopping = written(child);
  process.kill(child.pid!, "SIGINT");
  await stopping;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(child.pid!, name);
  await sleep(SAME_REQUEST_MS + 100); // The process is not to end within this time.
  assert.equal(child.exitCode, null);
  process.kill(child.pid!, "SIGHUP"); // The terminal is gone, but its user is in no hurry.
  const exit = exitOf(child);
  process.kill(child.pid!, "SIGINT");
  assert.equal(await exit, 130);
  assert.match(said, /last words\n$/);
});
