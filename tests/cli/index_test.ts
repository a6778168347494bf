import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "./run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-index-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const T_MS = Date.UTC(2024, 7, 1, 12);

/** Lines of an hour of two users, one of whom is banned. */
function lines(): string {
  const text: string[] = [];
  for (let minute = 0; minute < 90; minute++) {
    const [id, login] = minute % 3 === 0 ? ["7654321", "victoria"] : ["1234567", "ada"];
    const tags = `id=${minute};room-id=22;tmi-sent-ts=${T_MS + minute * 60_000};user-id=${id}`;
    text.push(
      `@${tags} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #forsen :hello zyxxy${minute}`,
    );
  }
  return `${text.join("\n")}\n`;
}

async function imported(name: string): Promise<string> {
  const [archive, capture] = [join(folder, name), join(folder, `${name}.log`)];
  writeFileSync(capture, lines());
  const { exitCode, stderr } = await runCli(["import", "-a", archive, capture]);
  assert.equal(exitCode, 0, stderr);
  return archive;
}

/** All bytes of the index's files. */
function bytesOf(archive: string): string {
  const path = join(archive, ".chatloom/index");
  return readdirSync(path).map((name) => readFileSync(join(path, name), "latin1")).join("");
}

test("index indexes once, verify --index finds it right, and after damage it is made again", async () => {
  const archive = await imported("once");
  const first = await runCli(["index", "-a", archive]);
  assert.deepEqual(
    [first.exitCode, first.stdout],
    [0, "4 hours with 90 messages indexed\n"],
    first.stderr,
  );
  const again = await runCli(["index", "-a", archive, "forsen"]);
  assert.equal(again.stdout, "0 hours with 0 messages indexed\n");
  const right = await runCli(["verify", "--index", "-a", archive]);
  assert.deepEqual([right.exitCode, right.stderr], [0, ""], right.stdout);
  assert.doesNotMatch(bytesOf(archive), /zyxxy/); // It holds no text.

  writeFileSync(join(archive, ".chatloom/index/chat.sqlite"), "no database at all ".repeat(1_000));
  const broken = await runCli(["index", "-a", archive]);
  assert.match(broken.stderr, /Cannot read the index/);
  const mended = await runCli(["index", "-a", archive]);
  assert.deepEqual([mended.exitCode, mended.stdout], [0, "4 hours with 90 messages indexed\n"]);
});

test("redact and prune leave nothing in the index of what they removed", async () => {
  const archive = await imported("redacted");
  assert.equal((await runCli(["index", "-a", archive])).exitCode, 0);
  assert.match(bytesOf(archive), /victoria/);
  const done = await runCli([
    "redact",
    "forsen",
    "-a",
    archive,
    "--user-id",
    "7654321",
    "--reason",
    "asked",
  ]);
  assert.equal(done.exitCode, 0, done.stderr);
  assert.doesNotMatch(bytesOf(archive), /victoria|t\xcb\xb1/);
  assert.match(
    (await runCli(["index", "-a", archive])).stdout,
    /^\d hours with \d+ messages indexed\n$/,
  );
  assert.match(bytesOf(archive), /ada/);
  assert.equal((await runCli(["verify", "--index", "-a", archive])).exitCode, 0);
  const pruned = await runCli(["prune", "-a", archive, "--older-than", "1h"]);
  assert.equal(pruned.exitCode, 0, pruned.stderr);
  assert.doesNotMatch(bytesOf(archive), /ada/);
});

test("redact makes no index where there is none", async () => {
  const archive = await imported("none");
  await runCli(["redact", "forsen", "-a", archive, "--id", "3", "--reason", "asked"]);
  assert.ok(!existsSync(join(archive, ".chatloom/index")));
});
