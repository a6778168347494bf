import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { runCli } from "../run_cli.ts";

const CASES = fileURLToPath(new URL("../../cases/import/", import.meta.url));
const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

/** Imports `paths` into a fresh archive. */
async function imported(paths: readonly string[], input?: Uint8Array) {
  const archive = mkdtempSync(join(tmpdir(), "chatloom-import-test-"));
  try {
    const result = await runCli(["import", ...paths, "--archive", archive], input ? { input } : {});
    const messages: (Message & { key: string })[] = [];
    const store = fileSystemStore(archive);
    for await (const key of store.list("")) {
      for (const message of decodeBatch((await store.get(key))!)) {
        messages.push({ ...message, key });
      }
    }
    return { ...result, messages };
  } finally {
    rmSync(archive, { recursive: true });
  }
}

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-import-test-"));
  return work(folder).finally(() => rmSync(folder, { recursive: true }));
}

/** Every line is accounted for once: the numbers of the summary add up. */
function assertAddsUp({ stdout }: { stdout: string }): void {
  const sum = (pattern: RegExp) =>
    [...stdout.matchAll(pattern)].reduce((total, [, amount]) => total + Number(amount), 0);
  const accounted = sum(/ (\d+) messages/g) + sum(/ (\d+) lines repeated/g) +
    sum(/not archived: (\d+) lines/g);
  assert.equal(accounted, sum(/: (\d+) lines,/g), stdout);
}

const EXPECTED: Readonly<Record<string, number>> = {
  "two_conns_real.txt": 25,
  "tagsonly_001.txt": 30,
  "rm_quiet.txt": 4,
  "bom.txt": 30,
  "ts_pylog.txt": 10,
  "ts_us.txt": 10,
  "ts_z0000.txt": 10,
  "badutf8.txt": 4,
  "chan_upper.txt": 6,
};

test("chatloom import archives what the captures of others hold", async () => {
  for (const [name, count] of Object.entries(EXPECTED)) {
    const found = await imported([join(CASES, name)]);
    assert.equal(found.exitCode, 0, found.stderr);
    assert.equal(found.messages.length, count, `${name}: ${found.stdout}`);
    assertAddsUp(found);
  }
});

test("chatloom import reads the times in front of lines", async () => {
  for (const name of ["ts_pylog.txt", "ts_z0000.txt", "ts_us.txt"]) {
    const { messages } = await imported([join(CASES, name)]);
    for (const { receivers, time } of messages) {
      const [received] = Object.values(receivers) as number[];
      assert.ok(Math.abs(received! - time) < 1.5, `${name}: ${received} ${time}`);
    }
  }
});

test("chatloom import places a NOTICE in a quiet channel by when it was received", async () => {
  const { messages } = await imported([join(CASES, "rm_quiet.txt")]);
  const { time, time_range } = messages.find(({ command }) => command === "NOTICE")!;
  assert.ok(time <= 1786001200.001 && 1786001200.001 <= time + time_range, `${time} ${time_range}`);
});

test("chatloom import counts replaced characters and chat rooms, and folds channels", async () => {
  const bad = await imported([join(CASES, "badutf8.txt")]);
  assert.match(bad.stdout, / 3 characters that were not UTF-8 were replaced/);
  const upper = await imported([join(CASES, "chan_upper.txt")]);
  assert.match(upper.stdout, /not archived: 1 lines: chat room\n/);
  const folded = upper.messages.find(({ key }) => key.startsWith("examplechan/"));
  assert.equal(folded?.params[0], "#examplechan");
});

test("chatloom import takes the readable part of a torn gzip, and the files behind it", async () => {
  const paths = ["multitrunc.gz", "nothing.txt", "tagsonly_001.txt"].map((name) =>
    join(CASES, name)
  );
  const found = await imported(paths);
  assert.equal(found.exitCode, 1);
  assert.equal(found.messages.length, 29 + 30, found.stdout);
  assert.match(found.stderr, /ends too early/);
  assert.match(found.stderr, /Cannot read .*nothing\.txt/);
  assertAddsUp(found);
});

test("chatloom import takes all of a gzip that has garbage behind it, or damage in it", async () => {
  await inFolder(async (folder) => {
    const plain = readFileSync(join(CASES, "bom.txt"));
    const many = Buffer.concat([gzipSync(plain), gzipSync(readFileSync(join(CASES, "ts_us.txt")))]);
    const rubbish = join(folder, "rubbish.gz");
    writeFileSync(rubbish, Buffer.concat([many, Buffer.from("and so on, for longer than a head")]));
    const found = await imported([rubbish]);
    assert.equal(found.exitCode, 0, found.stderr);
    assert.match(found.stdout, /: 40 lines, 30 messages in 1 batches, 10 lines repeated/);
    assert.match(found.stderr, /behind the gzip/);

    const damaged = join(folder, "damaged.gz");
    const bytes = gzipSync(readFileSync(join(CASES, "tagsonly_001.txt")), { level: 0 });
    bytes[bytes.length - 6]! ^= 0xff; // The checksum.
    writeFileSync(damaged, bytes);
    const rest = await imported([damaged]);
    assert.equal(rest.exitCode, 1);
    assert.ok(rest.messages.length >= 29, rest.stdout);
    assert.match(rest.stderr, /damaged/);
  });
});

test("chatloom import reads UTF-16, lines that end in CR, and standard input", async () => {
  const text = readFileSync(join(CASES, "ts_us.txt"), "utf8");
  const big = (bytes: Buffer) => Buffer.from(bytes).swap16();
  const little = Buffer.from(text, "utf16le");
  const mark = Buffer.from("\ufeff", "utf16le");
  const forms = {
    "UTF-16LE": Buffer.concat([mark, little]),
    "UTF-16BE": big(Buffer.concat([mark, little])),
    "UTF-16LE without a mark": little,
    "UTF-16BE without a mark": big(little),
    "CR": Buffer.from(text.replaceAll("\n", "\r")),
    "CR LF": Buffer.from(text.replaceAll("\n", "\r\n")),
    "gzip": gzipSync(text),
  };
  const plain = (await imported(["-"], Buffer.from(text))).messages.map(({ key }) =>
    key.slice(0, 30)
  );
  for (const [form, bytes] of Object.entries(forms)) {
    const found = await imported(["-"], bytes);
    assert.equal(found.exitCode, 0, `${form}: ${found.stderr}`);
    assert.equal(found.messages.length, 10, form);
    assert.deepEqual(found.messages.map(({ key }) => key.slice(0, 30)), plain, form);
  }
});

test("chatloom import bounds lines and what it prints, and every line is accounted for", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "long.txt");
    const lines = [
      readFileSync(join(CASES, "ts_us.txt"), "utf8").trimEnd(),
      "A".repeat(40_000_000),
      `:a!a@a ${"Q".repeat(5_000)} #x :hi`,
      ...Array.from({ length: 300 }, (_, i) => `:a!a@a CMD${i} #x :hi`),
      readFileSync(join(CASES, "ts_us.txt"), "utf8").trimEnd(),
      ":a!a@a JOIN #examplechan",
    ];
    writeFileSync(path, lines.join("\n"));
    const found = await imported([path]);
    assert.equal(found.exitCode, 0, found.stderr);
    assert.equal(found.messages.length, 10);
    assert.match(found.stdout, /not archived: 1 lines: line too long\n/);
    assert.match(found.stdout, /10 lines repeated others/);
    assert.match(found.stdout, /not archived: 1 lines: no time near enough\n/);
    assert.ok(found.stdout.length < 10_000 && found.stderr.length < 20_000, "too much is printed");
    assertAddsUp(found);
  });
});

const hasPipes = spawnSync("mkfifo", ["--version"]).status === 0;

test("chatloom import reads a named pipe, and obeys SIGTERM while it waits for a writer", {
  skip: hasPipes ? false : "mkfifo is missing",
}, async () => {
  await inFolder(async (folder) => {
    const pipe = join(folder, "pipe");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const writer = spawn("sh", ["-c", 'cat "$1" > "$2"', "sh", join(CASES, "bom.txt"), pipe]);
    const found = await imported([pipe]);
    assert.equal(found.messages.length, 30, found.stderr);
    writer.kill();

    const archive = join(folder, "archive");
    const args = ["run", "--allow-all", "--no-check", MAIN, "import", pipe, "--archive", archive];
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    // The archive is made before the pipe is opened.
    for (let i = 0; i < 600 && !existsSync(archive); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const askedMs = performance.now();
    process.kill(child.pid!, "SIGTERM");
    assert.equal(await ended, 143);
    assert.ok(performance.now() - askedMs < 30_000);
  });
});
