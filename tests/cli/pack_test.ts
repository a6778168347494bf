import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packedStore } from "../../src/adapters/file_system/packs/packed_store.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { startServing, stopNode } from "./nodes/node_processes.ts";
import { runCli } from "./run_cli.ts";

const SETTLED = fileURLToPath(new URL("../golden/synthetic/settled/", import.meta.url));
const CHANNEL = "loomtest";
const HOUR = "2026-08-01T12";
const PACK = `${CHANNEL}/.chatloom/packs/${HOUR}.tar.zst`;
const folder = tempFolder();
after(() => folder.close());

/** A fresh copy of the settled archive, its files under their names with colons. */
async function archiveOf(name: string): Promise<string> {
  const path = join(folder.path, name);
  const from = packedStore(SETTLED);
  for await (const key of from.list("")) await packedStore(path).put(key, (await from.get(key))!);
  return path;
}

async function packed(name: string): Promise<string> {
  const archive = await archiveOf(name);
  const { exitCode, stdout, stderr } = await runCli(["pack", "-a", archive, "--older-than", "1h"]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^1 hours packed: 3 files, 58752 bytes became \d+\n$/);
  assert.ok(existsSync(join(archive, PACK)));
  return archive;
}

/** The names of all files under `path` that are not the node's own, with what they hold. */
function tree(path: string): Map<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .filter((name) => !name.startsWith(".chatloom/"));
  return new Map(names.sort().map((name) => [name, readFileSync(join(path, name), "latin1")]));
}

test("each verb gives the same answer for a packed archive", async () => {
  const [plain, archive] = [await archiveOf("plain"), await packed("packed")];
  const verbs: readonly (readonly string[])[] = [
    ["cat", CHANNEL],
    ["cat", CHANNEL, "-f", "text", "--from", "2026-08-01T12:35"],
    ["coverage", CHANNEL, "-f", "json"],
    ["export", CHANNEL, "-f", "raw"],
    ["export", CHANNEL, "-f", "td-json", "--from", HOUR, "--to", "2026-08-01T13"],
    ["verify"],
    ["settle"],
    ["settle", "--recheck"],
    ["prune", CHANNEL, "--older-than", "1h", "--dry-run"],
  ];
  for (const [verb = "", ...args] of verbs) {
    const [expected, got] = [
      await runCli([verb, "-a", plain, ...args]),
      await runCli([verb, "-a", archive, ...args]),
    ];
    assert.notEqual(expected.stdout, "", verb);
    const { exitCode, stdout } = got;
    assert.deepEqual({ exitCode, stdout }, {
      exitCode: expected.exitCode,
      stdout: expected.stdout,
    }, `${verb} ${args.join(" ")}: ${got.stderr}`);
  }
  assert.ok(existsSync(join(archive, PACK)), "reading and settling leave the hour packed");
  for (const verb of [["index", "-a", archive], ["copy", archive, join(folder.path, "copied")]]) {
    const { exitCode, stderr } = await runCli(verb);
    assert.equal(exitCode, 0, stderr);
  }
  assert.deepEqual(tree(join(folder.path, "copied")), tree(plain));
  const { exitCode, stdout } = await runCli(["unpack", "-a", archive]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^1 hours unpacked: 3 files, \d+ bytes became 58752\n$/);
  assert.deepEqual(tree(archive), tree(plain));
});

test("a node with packs serves the same bytes, and nodes without packs sync with it both ways", async () => {
  const [plain, archive] = [await archiveOf("plain-peer"), await packed("packed-peer")];
  const nodes = [
    await startServing(["serve", "-a", plain, "--listen", "127.0.0.1:0"]),
    await startServing(["serve", "-a", archive, "--listen", "127.0.0.1:0"]),
  ];
  try {
    const ask = async (port: number, path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, body: await response.text() };
    };
    const names = [...tree(plain).keys()].map((path) => path.split("/").at(-1)!);
    for (
      const path of [
        "/files",
        `/files/${CHANNEL}/chat`,
        `/files/${CHANNEL}/chat/${HOUR}`,
        ...names.map((name) => `/segments/${CHANNEL}/chat/${HOUR}/${encodeURIComponent(name)}`),
        `/${CHANNEL}/chat.json?start=2026-08-01T12:34&end=2026-08-01T12:37`,
      ]
    ) {
      const [expected, got] = [await ask(nodes[0]!.port, path), await ask(nodes[1]!.port, path)];
      assert.equal(expected.status, 200, path);
      assert.deepEqual(got, expected, path);
    }
    const sync = (to: string, port: number) =>
      runCli(["sync", "-a", to, "--once", "--peer", `http://127.0.0.1:${port}`]);
    const fresh = join(folder.path, "fresh");
    assert.equal((await sync(fresh, nodes[1]!.port)).exitCode, 0);
    assert.deepEqual(tree(fresh), tree(plain));
    // It has all that the plain node has: nothing is fetched.
    const again = await sync(archive, nodes[0]!.port);
    assert.match(again.stdout, /: 0 files, 0 bytes/);
    // What a pack lost comes back from a peer.
    const bytes = readFileSync(join(archive, PACK));
    bytes[bytes.length >> 1]! ^= 0xff;
    bytes[20]! ^= 0xff;
    writeFileSync(join(archive, PACK), bytes);
    const found = await runCli(["verify", "-a", archive]);
    assert.equal(found.exitCode, 1, found.stdout);
    assert.match(found.stdout, /its pack is damaged|the table at the end of this pack/);
    const mended = await sync(archive, nodes[0]!.port);
    assert.equal(mended.exitCode, 0, mended.stderr);
    for (const [name, text] of tree(plain)) {
      assert.equal(
        new TextDecoder("latin1").decode(await packedStore(archive).get(name)),
        text,
        `${name}: ${mended.stdout} ${mended.stderr}`,
      );
    }
    const repacked = await runCli(["pack", "-a", archive, "--older-than", "1h"]);
    assert.equal(repacked.exitCode, 0, repacked.stderr);
    assert.equal((await runCli(["verify", "-a", archive])).exitCode, 0);
  } finally {
    for (const node of nodes) await stopNode(node, "SIGTERM");
  }
});

test("redacting in a packed hour leaves nothing of it on disk, and equals redacting plain files", async () => {
  const [plain, archive] = [await archiveOf("plain-redact"), await packed("packed-redact")];
  const { stdout } = await runCli(["cat", "-a", plain, CHANNEL]);
  const id = /"id":"([^"]+)"/.exec(stdout)![1]!;
  for (const each of [plain, archive]) {
    const args = ["redact", CHANNEL, "-a", each, "--id", id, "--reason", "a test"];
    const { exitCode, stderr } = await runCli(args);
    assert.equal(exitCode, 0, stderr);
  }
  assert.equal(existsSync(join(archive, PACK)), false, "the old pack still holds it");
  const chat = (path: string) => [...tree(path)].filter(([name]) => name.includes("/chat/"));
  assert.deepEqual(chat(archive), chat(plain));
  for (const [name, text] of chat(archive)) {
    assert.equal(text.includes(`"id":"${id}"`), false, name);
  }
  assert.equal((await runCli(["pack", "-a", archive])).exitCode, 0);
  const after = await runCli(["cat", "-a", archive, CHANNEL]);
  assert.equal(after.stdout, (await runCli(["cat", "-a", plain, CHANNEL])).stdout);
});

test("a late file goes beside the pack, is settled with it, and is packed the next time", async () => {
  const archive = await packed("late");
  const late = fileURLToPath(new URL("../golden/synthetic/alpha/", import.meta.url));
  const from = packedStore(late);
  for await (const key of from.list("")) {
    await packedStore(archive).put(key, (await from.get(key))!);
  }
  const unsettled = await runCli(["pack", "-a", archive]);
  assert.equal(unsettled.exitCode, 1);
  assert.match(unsettled.stdout, /1 hours are not settled: run chatloom settle first/);
  assert.equal((await runCli(["settle", "-a", archive])).exitCode, 0);
  assert.equal((await runCli(["pack", "-a", archive])).exitCode, 0);
  assert.equal((await runCli(["unpack", "-a", archive])).exitCode, 0);
  const settled = await archiveOf("late-plain");
  assert.deepEqual(tree(archive), tree(settled));
});

test("pruning deletes packs, also damaged ones", async () => {
  const archive = await packed("pruned");
  const damaged = await packed("pruned-damaged");
  writeFileSync(join(damaged, PACK), "no pack");
  assert.equal((await runCli(["prune", "-a", damaged, "--older-than", "1h"])).exitCode, 0);
  assert.deepEqual([...tree(damaged).keys()], []);
  const { exitCode, stdout } = await runCli(["prune", "-a", archive, "--older-than", "1h"]);
  assert.equal(exitCode, 0, stdout);
  assert.equal(stdout, `${CHANNEL} ${HOUR}: 3 files\n1 hours, 3 files deleted\n`);
  assert.deepEqual([...tree(archive).keys()], []);
});

test("sync --once --pack-after packs what is old", async () => {
  const plain = await archiveOf("pack-after-peer");
  const node = await startServing(["serve", "-a", plain, "--listen", "127.0.0.1:0"]);
  const archive = join(folder.path, "pack-after");
  try {
    const peer = `http://127.0.0.1:${node.port}`;
    const args = ["sync", "-a", archive, "--once", "--peer", peer, "--pack-after", "1h"];
    const { exitCode, stderr } = await runCli(args);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /Packed old hours/);
    assert.deepEqual([...tree(archive).keys()], [PACK]);
    // The pack alone is an archive.
    const moved = join(folder.path, "moved");
    cpSync(archive, moved, { recursive: true });
    rmSync(join(moved, CHANNEL, "chat"), { recursive: true });
    assert.match((await runCli(["verify", "-a", moved])).stdout, /3 files with 138 messages/);
  } finally {
    await stopNode(node, "SIGTERM");
  }
});
