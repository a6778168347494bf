import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { runCli } from "../run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-manifest-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const archive = join(folder, "chat");
const key = join(folder, "archive.pem");
const TIME = 1785587640; // 2026-08-01T12:34:00Z

function message(user: string): Message {
  const base = { command: "PRIVMSG", sender: user, user, host: null, params: ["#forsen", "hello"] };
  const tags = { id: `id-${user}`, "tmi-sent-ts": `${TIME}000`, "user-id": `7-${user}` };
  return { ...base, tags, receivers: { "alpha.AbCdE.0": TIME + 0.5 }, time: TIME, time_range: 0 };
}

function put(messages: readonly Message[]): string {
  const bytes = encodeBatch(messages);
  const digest = createHash("sha256").update(bytes).digest();
  const path = join(archive, batchKey("forsen", { timeUs: TIME * 1e6, digest }));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

const path = put([message("ada"), message("bob")]);
const manifests = join(folder, "manifests");
const manifest = join(manifests, "forsen-2026-08-01.manifest");
const verify = ["verify", "-a", archive, "--manifest", manifest];

test("manifest makes a key that only its owner reads, and never another over it", async () => {
  const args = ["manifest", "2026-08-01", "-a", archive, "-k", key];
  const without = await runCli(args);
  assert.equal(without.exitCode, 1);
  assert.match(without.stderr, /Cannot read the key ".*": --new-key makes one/);
  const made = await runCli([...args, "--new-key", "-o", manifests]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.equal(made.stdout, `${manifest}\n`);
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const pem = readFileSync(key, "utf8");
  const [, publicKey = ""] = /publicKey=(\S+)/.exec(made.stderr) ?? [];
  assert.equal((await runCli([...args, "--new-key", "-o", manifests])).exitCode, 0);
  assert.equal(readFileSync(key, "utf8"), pem);
  assert.doesNotMatch(readFileSync(manifest, "utf8"), /hello|ada|bob/, "it holds no text");

  const checked = await runCli([...verify, "--public-key", publicKey]);
  assert.equal(checked.stdout, "1 files with 2 messages: nothing wrong\n");
  assert.equal(checked.exitCode, 0);
  const other = await runCli([...verify, "--public-key", "A".repeat(43)]);
  assert.match(other.stdout, /^manifest-invalid: .*: it is signed with another key: /);
  assert.equal(other.exitCode, 1);
});

test("verify --manifest tells an order from a hand, by its exit code too", async () => {
  const target = ["redact", "forsen", "-a", archive, "--user-id", "7-ada", "--reason", "asked"];
  assert.equal((await runCli(target)).exitCode, 0);
  const ordered = await runCli(verify);
  assert.match(ordered.stdout, /^note: forgotten: .*: 1 message of the manifest, by order\n/);
  assert.equal(ordered.exitCode, 0, ordered.stdout);
  rmSync(path, { force: true });
  rmSync(join(archive, "forsen", "chat"), { recursive: true });
  const byHand = await runCli(verify);
  assert.match(byHand.stdout, /missing: .*: 1 message of the manifest, and no order says so\n/);
  assert.equal(byHand.exitCode, 1);
});

test("a day that is not over is not signed, and no key of another kind signs", async () => {
  const early = await runCli(["manifest", "2100-01-01", "-a", archive, "-k", key]);
  assert.match(early.stderr, /The day 2100-01-01 is not over/);
  assert.equal(early.exitCode, 1);
  const wrong = join(folder, "wrong.pem");
  writeFileSync(wrong, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const refused = await runCli(["manifest", "2026-08-01", "forsen", "-a", archive, "-k", wrong]);
  assert.match(refused.stderr, /no private key of Ed25519/);
  const day = await runCli(["manifest", "2026-02-30", "-a", archive, "-k", key]);
  assert.match(day.stderr, /Write a day as 2026-08-01/);
  assert.equal(day.exitCode, 2);
});
