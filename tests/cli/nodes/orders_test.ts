import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import {
  type ArchiveKey,
  batchKey,
  formatArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  type SmallSighting,
  WORLD_US,
} from "../../simulation/settle/settle_world.ts";
import { plainPeer } from "./plain_peer.ts";
import { runCli } from "../run_cli.ts";

const MESSAGES = 400;
const SIGHTINGS: readonly SmallSighting[] = Array.from({ length: MESSAGES }, (_, i) => ({
  content: i,
  isExact: true,
  receiver: 1,
  receivedS: i % 60,
  startS: i % 60,
  lengthS: 0,
}));

function flood(redactions: number, tombstones: number): Map<ArchiveKey, Uint8Array> {
  const files = new Map<ArchiveKey, Uint8Array>();
  for (let i = 0; i < redactions; i++) {
    const target = { kind: "message", id: `${i}` } as const;
    const bytes = encodeRedaction({ target, madeUs: WORLD_US, reason: "flood" });
    const digest = hasher.digest(bytes);
    files.set(formatArchiveKey({ kind: "redaction", channel: CHANNEL, digest }), bytes);
  }
  for (let i = 0; i < tombstones; i++) {
    const digest = hasher.digest(new TextEncoder().encode(`tomb ${i}`));
    const key = batchKey(CHANNEL, { timeUs: WORLD_US, digest });
    files.set(key.replace(/json$/, "tombstone"), new Uint8Array());
  }
  return files;
}

async function messagesIn(archive: string): Promise<number> {
  const { stdout } = await runCli(["cat", "--archive", archive, CHANNEL]);
  return stdout.split("\n").length - 1;
}

async function namesIn(archive: string): Promise<string[]> {
  const found = await readdir(archive, { recursive: true });
  return found.filter((path) => /redactions.*json$|tombstone$/.test(path));
}

test("a flood of orders from a peer is held, named and decided with chatloom orders", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-orders-"));
  const peer = await plainPeer(flood(300, 50_000));
  t.after(async () => {
    peer.close();
    await rm(root, { recursive: true });
  });
  const archive = join(root, "archive");
  const store = fileSystemStore(archive);
  for (const [key, bytes] of filesOf(SIGHTINGS)) await store.put(key, bytes);

  for (let i = 0; i < 2; i++) {
    const { stdout, stderr } = await runCli(["sync", "-a", archive, "--peer", peer.url, "--once"]);
    if (i === 0) {
      assert.match(stdout, /, 20300 orders held, see chatloom orders/);
      assert.match(
        stderr,
        /more orders than its limit.*kind=redaction orders=300 kept=300/,
      );
      assert.match(stderr, /kind=tombstone orders=20000 kept=9700/);
    }
  }
  assert.deepEqual(await namesIn(archive), []);
  assert.equal(await messagesIn(archive), MESSAGES);

  const listed = await runCli(["orders", "list", "--archive", archive]);
  const keys = listed.stdout.match(/^c\/.*redactions\/.*json$/gm) ?? [];
  assert.equal(keys.length, 300);
  assert.match(listed.stdout, new RegExp(`forget message 7, because "flood"; from ${peer.url}\n`));
  assert.match(listed.stdout, /^c: 10000 orders, which would delete 300 messages in 1 minutes/m);

  const accepted = await runCli(["orders", "accept", "--archive", archive, keys[0]!]);
  assert.equal(accepted.exitCode, 0, accepted.stderr);
  assert.match(accepted.stdout, /^c: accepted 1 orders, which delete 1 messages/);
  assert.equal(await messagesIn(archive), MESSAGES - 1);

  const dropped = await runCli(["orders", "drop", "--archive", archive, "--all"]);
  assert.match(dropped.stdout, /^c: 9999 orders dropped\n/);
  assert.match(
    (await runCli(["orders", "list", "--archive", archive])).stdout,
    /No orders are held/,
  );
  const unknown = await runCli(["orders", "drop", "--archive", archive, keys[0]!]);
  assert.equal(unknown.exitCode, 1);
  assert.equal((await runCli(["orders", "accept", "--archive", archive])).exitCode, 2);
});

test("orders=none takes the files of a peer and no orders, also in a list of peers", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-orders-"));
  const peer = await plainPeer(new Map([...flood(3, 3), ...filesOf(SIGHTINGS)]));
  t.after(async () => {
    peer.close();
    await rm(root, { recursive: true });
  });
  const list = join(root, "peers.txt");
  await writeFile(list, `${peer.url},orders=none # strangers\n`);
  for (const [i, from] of [["--peer", `${peer.url},orders=none`], ["--peers", list]].entries()) {
    const archive = join(root, `archive${i}`);
    const { exitCode, stderr } = await runCli(["sync", "-a", archive, ...from, "--once"]);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(await namesIn(archive), []);
    assert.equal(await messagesIn(archive), MESSAGES);
  }
  const archive = join(root, "obeys");
  await runCli(["sync", "-a", archive, "--peer", `${peer.url},orders=all`, "--once"]);
  assert.equal((await namesIn(archive)).length, 6);
  assert.equal(await messagesIn(archive), MESSAGES - 3);
  const wrong = await runCli(["sync", "-a", archive, "--peer", `${peer.url},orders=some`]);
  assert.equal(wrong.exitCode, 2);
});
