import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { downloadZip } from "client-zip";
import { packTar } from "modern-tar";
import { DAY_MS, messageId, rawLine } from "../../engine/import/formats/invented_chat.ts";
import { runCli } from "../run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-bundles-test-"));
after(() => rmSync(folder, { recursive: true }));
const UTF8 = new TextEncoder();

function day(count: number): string {
  const line = (_: unknown, i: number) =>
    rawLine({ id: messageId(i), ms: DAY_MS + i * 30_000 }) + "\n";
  return Array.from({ length: count }, line).join("");
}

interface Packed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function tarOf(files: readonly Packed[]): Promise<Uint8Array> {
  return await packTar(files.map(({ name, bytes }) => ({
    header: { name, size: bytes.length },
    body: bytes,
  })));
}

async function zipOf(files: readonly Packed[]): Promise<Uint8Array> {
  const entries = files.map(({ name, bytes }) => ({ name, input: new Uint8Array(bytes) }));
  return new Uint8Array(await downloadZip(entries).arrayBuffer());
}

const TREE: readonly Packed[] = [
  { name: "logs/123/2026/8/1/channel.txt.gz", bytes: new Uint8Array(gzipSync(day(5))) },
  { name: "logs/notes.txt", bytes: UTF8.encode("nothing to see\n") },
];

async function importing(name: string, bytes: Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const archive = join(folder, `${name}.archive`);
  const temporary = join(folder, `${name}.tmp`);
  mkdirSync(temporary);
  const env = { TMPDIR: temporary };
  const done = await runCli(["import", path, "--archive", archive], { env });
  assert.deepEqual(readdirSync(temporary), [], "left behind");
  return { ...done, archive };
}

function batchesOf(archive: string): string[] {
  return readdirSync(archive, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json")).sort();
}

test("import takes justlog's tree out of a zip, a tar and a packed tar, as from a folder", async () => {
  const zip = await importing("logs.zip", await zipOf(TREE));
  assert.match(zip.stdout, /^2026-08-01: 5 lines, 5 messages\n/m, zip.stderr);
  assert.match(zip.stderr, /"[^"]*logs\.zip\/logs\/notes\.txt"/, "named by the bundle");
  assert.equal(zip.exitCode, 1, "one file of it is no chat");
  for (
    const [name, bytes] of [["logs.tar", await tarOf(TREE)], [
      "l.tgz",
      gzipSync(await tarOf(TREE)),
    ]] as const
  ) {
    const tar = await importing(name, bytes);
    assert.match(tar.stdout, /^2026-08-01: 5 lines, 5 messages\n/m, tar.stderr);
    assert.deepEqual(batchesOf(tar.archive), batchesOf(zip.archive));
  }
});

test("a capture in a zip is imported as one", async () => {
  const done = await importing(
    "c.zip",
    await zipOf([{ name: "a/live.log", bytes: UTF8.encode(day(3)) }]),
  );
  assert.equal(done.exitCode, 0, done.stderr);
  assert.match(done.stdout, /3 (?:lines, )?.*3 messages/);
});

test("bundles that lead out of the folder, are bombs, or are cut off are refused by name, and nothing is written", async () => {
  const zero = new Uint8Array(256 * 1024 * 1024);
  const wrong: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      "up.tar",
      await tarOf([{ name: "../chatloom-escaped.txt", bytes: UTF8.encode(day(1)) }]),
      /of the name/,
    ],
    [
      "up.zip",
      await zipOf([{ name: "../chatloom-escaped.txt", bytes: UTF8.encode(day(1)) }]),
      /\.\./,
    ],
    [
      "root.tar",
      await tarOf([{ name: "/chatloom-escaped.txt", bytes: UTF8.encode(day(1)) }]),
      /of the name/,
    ],
    [
      "bomb.tgz",
      gzipSync(await tarOf([{ name: "a.txt", bytes: zero }])),
      /unpacks to more than 200 times its size/,
    ],
    ["cut.zip", (await zipOf(TREE)).subarray(0, 300), /Cannot unpack/],
    ["cut.tar", (await tarOf(TREE)).subarray(0, 700), /Cannot unpack/],
  ];
  for (const [name, bytes, reason] of wrong) {
    const done = await importing(name, bytes);
    assert.equal(done.exitCode, 1, name);
    assert.match(done.stderr, reason, name);
    assert.match(done.stderr, new RegExp(name.replace(".", "\\.")), name);
  }
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
  assert.deepEqual(found.filter((each) => each.includes("escaped")), []);
});
