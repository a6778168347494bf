import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { batchKey } from "../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { runCli } from "./run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const TIME = 1785587640; // 2026-08-01T12:34:00Z

function message(second: number, text: string): Message {
  return {
    command: "PRIVMSG",
    params: ["#forsen", text],
    sender: "ada",
    user: "ada",
    host: "ada.tmi.twitch.tv",
    tags: {
      "display-name": "Ada",
      id: `id-${second}-${text}`,
      "tmi-sent-ts": `${TIME + second}000`,
    },
    receivers: { "alpha.AbCdE.0": TIME + second + 0.5 },
    time: TIME + second,
    time_range: 0,
  };
}

/** Writes `bytes` under the name they ask for, or another, and returns the path. */
function put(archive: string, bytes: Uint8Array, name?: string): string {
  const digest = createHash("sha256").update(bytes).digest();
  const path = join(folder, archive, name ?? batchKey("forsen", { timeUs: TIME * 1e6, digest }));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

test("cat --archive prints each message once, in order, and leaves other minutes out", async () => {
  put("good", encodeBatch([message(1, "one"), message(3, "three")]));
  put("good", encodeBatch([message(2, "two"), message(3, "three")]));
  const all = await runCli(["cat", "-a", join(folder, "good"), "forsen", "-f", "text"]);
  assert.equal(all.exitCode, 0, all.stderr);
  assert.equal(
    all.stdout,
    "[2026-08-01T12:34:01.000Z] <Ada> one\n" +
      "[2026-08-01T12:34:02.000Z] <Ada> two\n" +
      "[2026-08-01T12:34:03.000Z] <Ada> three\n",
  );
  const later = ["cat", "-a", join(folder, "good"), "forsen", "--from", "2026-08-01T12:35"];
  assert.equal((await runCli(later)).stdout, "");
});

test("cat prints files as they stand, packed or not, also from standard input", async () => {
  const bytes = encodeBatch([message(1, "h\u00e9 \u001b[31m")]);
  const path = put("plain", bytes);
  const plain = await runCli(["cat", path]);
  assert.equal(plain.stdout, new TextDecoder().decode(bytes));
  const packed = await runCli(["cat", "-"], { input: gzipSync(bytes) });
  assert.equal(packed.stdout, plain.stdout);
  const text = await runCli(["cat", "-f", "text", path]);
  assert.ok(text.stdout.endsWith("> h\u00e9 \\u001b[31m\n"), "a terminal would obey this");
});

test("cat tells of an unreadable file, prints the others, and exits with 1", async () => {
  const good = encodeBatch([message(1, "one")]);
  const bad = put("mixed", new TextEncoder().encode("{}\n"));
  const { exitCode, stdout, stderr } = await runCli(["cat", bad, put("mixed", good)]);
  assert.equal(exitCode, 1);
  assert.equal(stdout, new TextDecoder().decode(good));
  assert.match(stderr, /ERROR Cannot read a batch .*line=1 reason=/);
});

test("cat ends quietly when its reader is gone", async () => {
  const many = Array.from({ length: 50_000 }, (_, i) => message(i % 60, `text ${i}`));
  const path = put("long", encodeBatch(many));
  const { stderr, exitCode } = await runCli(["cat", path, path, path], { isCutOff: true });
  assert.equal(stderr, "");
  assert.equal(exitCode, 141);
});

test("verify finds nothing in a good archive", async () => {
  const { exitCode, stdout } = await runCli(["verify", "-a", join(folder, "good")]);
  assert.match(stdout, /^note: unsettled: forsen\/.*: 2 files in place of one\n/);
  assert.match(stdout, /\n2 files with 4 messages: nothing wrong, 1 worth knowing\n$/);
  assert.equal(exitCode, 0);
  const strict = await runCli(["verify", "-a", join(folder, "good"), "--strict"]);
  assert.equal(strict.exitCode, 1);
});

test("settle merges the files of a minute, and then verify has nothing to say", async () => {
  put("settled", encodeBatch([message(1, "one"), message(3, "three")]));
  put("settled", encodeBatch([message(2, "two"), message(3, "three")]));
  const archive = ["-a", join(folder, "settled")];
  const before = await runCli(["cat", ...archive, "forsen"]);
  const settled = await runCli(["settle", ...archive]);
  assert.equal(settled.stdout, "1 minutes: 1 batches written, 2 files merged away\n");
  const again = await runCli(["settle", ...archive]);
  assert.equal(again.stdout, "1 minutes: 0 batches written, 0 files merged away\n");
  const verified = await runCli(["verify", ...archive, "--strict"]);
  assert.equal(verified.stdout, "1 files with 3 messages: nothing wrong\n");
  assert.equal((await runCli(["cat", ...archive, "forsen"])).stdout, before.stdout);
});

test("settle names files that it leaves alone, and exits with 1", async () => {
  put("half", encodeBatch([message(1, "one")]));
  put("half", encodeBatch([message(2, "two")]));
  const bad = put("half", new TextEncoder().encode("{}\n"));
  const { exitCode, stdout, stderr } = await runCli(["settle", "-a", join(folder, "half")]);
  assert.equal(exitCode, 1);
  assert.match(stdout, /1 batches written, 2 files merged away, 1 files left alone/);
  assert.match(stderr, /Left out a file .*line=1/);
  assert.ok(existsSync(bad));
});

test("merge prints what files say together, packed or not, or nothing if one cannot be read", async () => {
  const left = put("merge", encodeBatch([message(1, "one")]));
  const right = gzipSync(encodeBatch([message(2, "two")]));
  const merged = await runCli(["merge", left, "-"], { input: right });
  const expected = encodeBatch([message(1, "one"), message(2, "two")]);
  assert.equal(merged.stdout, new TextDecoder().decode(expected));
  const failed = await runCli(["merge", left, "-"], { input: "{}\n" });
  assert.equal(failed.stdout, "");
  assert.equal(failed.exitCode, 1);
});

test("cat prints what meets --user, --command and --text, of archives and files alike", async () => {
  const ban = { ...message(4, "x"), command: "CLEARCHAT", params: ["#forsen", "ada"] };
  const other = { ...message(2, "hello Ada"), sender: "bob", user: "bob", tags: null };
  const batch = encodeBatch([
    message(1, "one"),
    { ...other, time_range: 1 },
    message(3, "Hello"),
    { ...ban, sender: "tmi.twitch.tv", user: null, tags: { "tmi-sent-ts": `${TIME + 4}000` } },
  ]);
  const path = put("filtered", batch);
  const lines = new TextDecoder().decode(batch).split("\n").filter((line) => line !== "");
  const wanted: [flags: string[], places: number[]][] = [
    [["--user", "@ADA"], [0, 2, 3]],
    [["--user", "nobody,bob"], [1]],
    [["--user", "ada", "--command", "privmsg"], [0, 2]],
    [["--text", "HELLO"], [1, 2]],
    [["--text", "hello", "--user", "ada"], [2]],
    [["--text", "nowhere"], []],
  ];
  for (const [flags, places] of wanted) {
    for (const from of [["-a", join(folder, "filtered"), "forsen"], [path]]) {
      const json = await runCli(["cat", ...from, ...flags]);
      assert.equal(json.exitCode, 0, json.stderr);
      assert.equal(json.stdout, places.map((i) => `${lines[i]}\n`).join(""), flags.join(" "));
    }
  }
  const text = await runCli(["cat", path, "--user", "bob", "-f", "text"]);
  assert.equal(text.stdout, "[~2026-08-01T12:34:02.000Z] <bob> hello Ada\n");
});

test("redact says what would go, forgets it for good, and lists what it was told", async () => {
  put("redact", encodeBatch([message(1, "one"), message(2, "two")]));
  const archive = ["forsen", "-a", join(folder, "redact")];
  const preview = await runCli(["redact", ...archive, "--id", "id-2-two", "--dry-run"]);
  assert.match(preview.stdout, /^2026-08-01T12:34: 1\n {2}\[.*\] <Ada> two\n1 messages in 1 of 1/);
  const wordless = await runCli(["redact", ...archive, "--id", "id-2-two"]);
  assert.equal(wordless.exitCode, 2);
  const reason = ["--reason", "asked \u001b[31m"];
  const done = await runCli(["redact", ...archive, "--id", "id-2-two", ...reason]);
  assert.match(
    done.stdout,
    /^New order: forsen\/\.chatloom\/redactions\/.*\n1 messages in 1 of 1 minutes/,
  );
  const again = await runCli(["redact", ...archive, "--id", "id-2-two", ...reason]);
  assert.match(again.stdout, /^Earlier order: .*\n0 messages/);
  const list = await runCli(["redact", ...archive, "--list"]);
  assert.match(list.stdout, /message id-2-two: asked \\u001b\[31m\n$/);
  const left = await runCli(["cat", "-a", join(folder, "redact"), "forsen", "-f", "text"]);
  assert.equal(left.stdout, "[2026-08-01T12:34:01.000Z] <Ada> one\n");
  const both = await runCli(["redact", ...archive, "--id", "x", "--user-id", "1", ...reason]);
  assert.equal(both.exitCode, 2);
});

test("verify --heal writes anew what is not canonical, and nothing else", async () => {
  const lines = [1, 2].map((second) =>
    new TextDecoder().decode(encodeBatch([message(second, "x")]))
  );
  const sloppy = put("heal", new TextEncoder().encode(lines[1]! + lines[0]!.replace(",", ", ")));
  const bad = put("heal", new TextEncoder().encode("{}\n"));
  const archive = ["-a", join(folder, "heal")];
  const first = await runCli(["verify", ...archive, "--heal"]);
  assert.match(first.stdout, /not-canonical: .*; rewritten as forsen/);
  assert.match(first.stdout, /1 found wrong, .*1 healed/);
  assert.ok(!existsSync(sloppy) && existsSync(bad));
  const second = await runCli(["cat", ...archive, "forsen"]);
  assert.equal(second.stdout, lines.join(""));
});

test("verify names what is wrong, of each kind, and exits with 1", async () => {
  const lines = [1, 2, 3].map((second) =>
    new TextDecoder().decode(encodeBatch([message(second, "x")]))
  );
  const text = (...parts: string[]): Uint8Array => new TextEncoder().encode(parts.join(""));
  const digest = createHash("sha256").update("other").digest();
  const wrong = {
    damaged: put("wrong", text(lines[0]!), batchKey("forsen", { timeUs: TIME * 1e6, digest })),
    unreadable: put("wrong", text(lines[0]!, "nothing\n")),
    "not-canonical": put("wrong", text(lines[0]!, lines[1]!.replace(",", ", "))),
    unsorted: put("wrong", text(lines[0]!, lines[2]!, lines[1]!)),
    misplaced: put("wrong", encodeBatch([message(1, "x"), message(61, "x")])),
    stray: put("wrong", text("x"), "forsen/chat/notes.txt"),
  };
  const { exitCode, stdout } = await runCli(["verify", "-a", join(folder, "wrong"), "-f", "json"]);
  const found = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(exitCode, 1);
  assert.deepEqual(
    Object.fromEntries(found.map(({ kind, path }) => [kind, join(folder, "wrong", path)])),
    wrong,
  );
  assert.equal(found.length, 6);
  const lineOf = Object.fromEntries(found.map(({ kind, line }) => [kind, line]));
  assert.deepEqual(lineOf, {
    damaged: undefined,
    unreadable: 2,
    "not-canonical": 2,
    unsorted: 2,
    misplaced: 2,
    stray: undefined,
  });
});

test("verify does not look at what a tombstone hides", async () => {
  const path = put("hidden", new TextEncoder().encode("nothing\n"));
  const before = await runCli(["verify", "-a", join(folder, "hidden")]);
  assert.equal(before.exitCode, 1);
  writeFileSync(path.replace(/\.json$/, ".tombstone"), "");
  const hidden = await runCli(["verify", "-a", join(folder, "hidden")]);
  assert.match(hidden.stdout, /^note: hidden: .*\.tombstone: it hides a batch\n/);
  assert.equal(hidden.exitCode, 0);
});

const golden = new URL("../../../shared/data/golden/", import.meta.url);
const skip = existsSync(golden) ? false : `${golden.pathname} is missing`;
if (skip) console.log(`skipped: ${skip}`);

test("verify finds nothing wrong in what the reference wrote", { skip }, async () => {
  for (const node of ["node-alpha", "node-beta"]) {
    const hour = new URL(`${node}/2019-09-15T00/`, golden);
    for (const name of readdirSync(hour)) {
      put(node, readFileSync(new URL(name, hour)), `xqcow/chat/2019-09-15T00/${name}`);
    }
    const { exitCode, stdout } = await runCli(["verify", "-a", join(folder, node)]);
    assert.equal(exitCode, 0, stdout);
  }
});
