import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { MAIN } from "../run_cli.ts";

/** Starts `chatloom worker`; it is killed when the test ends. */
export function startWorker(
  t: TestContext,
  { url, address, archive = "main", flags = [] }: {
    readonly url: string;
    readonly address: string;
    /** The archive's name at the broker. */
    readonly archive?: string;
    readonly flags?: readonly string[];
  },
) {
  const folder = tempFolder();
  const config = join(folder.path, "chatloom.toml");
  writeFileSync(
    config,
    `archive = "${address}"\n[broker]\nurl = "${url}"\narchive = "${archive}"\n`,
  );
  const isDeno = process.versions["deno"] !== undefined;
  const args = [
    ...(isDeno ? ["run", "-A", "--no-check"] : []),
    MAIN,
    "worker",
    "--config",
    config,
    ...flags,
  ];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: folder.path, XDG_STATE_HOME: folder.path },
  });
  let text = "";
  let heard = () => {};
  child.stderr!.setEncoding("utf8").on("data", (chunk) => {
    text = (text + chunk).slice(-100_000);
    heard();
  });
  const ended = once(child, "exit");
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, "SIGKILL");
    await ended;
    folder.close();
  });
  return {
    config,
    log: () => text,
    async said(words: string): Promise<void> {
      while (!text.includes(words)) {
        assert.equal(child.exitCode, null, text);
        await Promise.race([new Promise<void>((resolve) => heard = resolve), ended]);
      }
    },
    /** Ends it with a signal; `child.kill` would hide the exit code in Deno. */
    async end(signal: "SIGTERM" | "SIGKILL") {
      process.kill(child.pid!, signal);
      return await ended;
    },
  };
}
