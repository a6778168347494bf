import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "./run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-redact-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const CASES = fileURLToPath(new URL("../cases/import/", import.meta.url));
const USER = ["--user-id", "777", "--reason", "asked us to"];

/** All text of the channel's batches. */
function chatOf(archive: string): string {
  const chat = join(archive, "examplechan/chat");
  return readdirSync(chat, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("");
}

for (const [name, kept] of [["redact.txt", 4], ["redact2.txt", 0]] as const) {
  test(`redact --user-id leaves no trace of the user in ${name}, and keeps the rest`, async () => {
    const archive = join(folder, name);
    const imported = await runCli(["import", "-a", archive, join(CASES, name)]);
    assert.equal(imported.exitCode, 0, imported.stderr);
    assert.match(chatOf(archive), /777[^]*victim/);
    const done = await runCli(["redact", "examplechan", "-a", archive, ...USER]);
    assert.equal(done.exitCode, 0, done.stderr);
    const left = chatOf(archive);
    assert.doesNotMatch(left, /"777"|victim/i);
    assert.equal(left.split("\n").length - 1, kept, left);
    const given = await runCli(["cat", "-a", archive, "examplechan"]);
    assert.equal(given.stdout, left);
  });
}
