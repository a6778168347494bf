import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { until } from "../waiting/until.ts";
import { type CliResult, MAIN, runCli } from "./run_cli.ts";

const START_MS = Date.UTC(2026, 7, 1, 22, 30);
const MINUTES = 70;

/** A capture of two channels over some hours, as one of two nodes heard it, with a tenth lost. */
function captureOf(node: string, channel: string): string {
  const random = seededRandom(channel);
  const losses = seededRandom(node + channel);
  const lines: string[] = [];
  for (let atMs = START_MS, id = 0; atMs < START_MS + MINUTES * 60_000; id++) {
    atMs += 200 + intBelow(random, 6_000);
    const receivedMs = atMs + 40 + intBelow(losses, 20);
    const line = intBelow(random, 5) === 0
      ? `:u${id % 7}!u${id % 7}@u JOIN #${channel}`
      : `@id=${channel}-${id};tmi-sent-ts=${atMs} :u!u@u PRIVMSG #${channel} :number ${id}`;
    if (intBelow(losses, 10) > 0) lines.push(`${receivedMs} ${line}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function cli(threads: number, args: readonly string[]): Promise<CliResult> {
  return runCli(["--log-level", "warning", ...args], {
    env: { CHATLOOM_THREADS: String(threads) },
  });
}

/** All files of the archive with the hash of their bytes; none of the node's own notes. */
function filesIn(archive: string): string[] {
  return (readdirSync(archive, { recursive: true }) as string[]).sort()
    .filter((name) => !name.startsWith(".chatloom") && statSync(join(archive, name)).isFile())
    .map((name) =>
      `${name} ${createHash("sha256").update(readFileSync(join(archive, name))).digest("hex")}`
    );
}

test("import, verify and settle make and print the same in threads as without", async () => {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-threads-test-"));
  try {
    const captures = ["alpha", "beta"].flatMap((node) =>
      ["forsen", "nymn"].map((channel) => {
        const path = join(folder, `${node}_${channel}.log.gz`);
        writeFileSync(path, gzipSync(captureOf(node, channel)));
        return path;
      })
    );
    const wrong = join(folder, "wrong.log");
    writeFileSync(wrong, "no line of this tells a time\n");
    captures.splice(1, 0, wrong, join(folder, "missing.log"));
    const ends = [];
    for (const threads of [0, 2]) {
      const archive = join(folder, `archive ${threads}`);
      const imported = await cli(threads, ["import", ...captures, "--archive", archive]);
      const unsettled = filesIn(archive);
      writeFileSync(join(archive, "forsen", "chat", "stray.txt"), "of no chat");
      const verified = await cli(threads, ["verify", "--archive", archive]);
      const settled = await cli(threads, ["settle", "--archive", archive]);
      const strict = await cli(threads, ["verify", "--archive", archive, "--format", "json"]);
      const results = [imported, verified, settled, strict].map(({ exitCode, stdout, stderr }) => ({
        exitCode,
        stdout,
        stderr: stderr.split("\n").map((line) => line.replace(/^\S+ /, "")).sort(),
      }));
      ends.push({ results, unsettled, settled: filesIn(archive) });
    }
    const [alone, helped] = ends;
    assert.deepEqual(helped, alone);
    assert.deepEqual(alone!.results.map(({ exitCode }) => exitCode), [1, 1, 0, 1]);
    assert.ok(alone!.unsettled.length > 250, `${alone!.unsettled.length} files`);
    assert.ok(alone!.settled.length < 0.6 * alone!.unsettled.length);
    assert.match(alone!.results[2]!.stdout, /[1-9]\d* batches written, [1-9]\d* files merged away/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const hasPipes = spawnSync("mkfifo", ["--version"]).status === 0;

test("import in threads ends on SIGTERM, also while a thread waits, and has stored whole files", {
  skip: hasPipes ? false : "mkfifo is missing",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-threads-test-"));
  try {
    const [archive, pipe, capture] = ["archive", "pipe", "a.log"].map((name) => join(folder, name));
    assert.equal(spawnSync("mkfifo", [pipe!]).status, 0);
    writeFileSync(capture!, captureOf("alpha", "forsen"));
    const args = ["run", "--allow-all", "--no-check", MAIN, "import", capture!, pipe!, pipe!];
    const child = spawn(process.execPath, [...args, "--archive", archive!], {
      env: { ...process.env, CHATLOOM_THREADS: "2" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let exitCode: number | undefined;
    child.once("close", (code) => exitCode = code ?? -1);
    // One thread is done with the capture, the other waits for a writer, and a third task for a thread.
    await once(child.stdout, "data");
    process.kill(child.pid!, "SIGTERM");
    await until(() => exitCode !== undefined, "the import to end").finally(() =>
      child.kill("SIGKILL")
    );
    assert.equal(exitCode, 143);
    const verified = await cli(0, ["verify", "--archive", archive!]);
    assert.deepEqual([verified.exitCode, /nothing wrong$/m.test(verified.stdout)], [0, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
