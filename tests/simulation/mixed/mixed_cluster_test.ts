import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemOrders } from "../../../src/adapters/file_system/file_system_orders.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { fileSystemUnsettled } from "../../../src/adapters/file_system/file_system_unsettled.ts";
import { NODE_FILE_CALLS } from "../../../src/adapters/file_system/calls/file_calls.ts";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { hourOf } from "../../../src/core/time.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { CHANNEL as SMALL, filesOf, hasher, WORLD_US } from "../settle/settle_world.ts";
import { CHANNEL, mixedWorld, serveOurs } from "./mixed_world.ts";
import { mergeReference, readReferenceFile, writeReferenceFile } from "./reference_merge.ts";
import { ReferenceNode } from "./reference_node.ts";

const SEEDS = Number(process.env["MIXED_SEEDS"] ?? 12);
const SYNTHETIC = fileURLToPath(new URL("../../golden/synthetic/", import.meta.url));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function synthetic(node: string): Promise<ReturnType<typeof readReferenceFile>> {
  const folder = join(SYNTHETIC, node, "loomtest", "chat", "2026-08-01T12");
  const messages = [];
  for (const name of (await readdir(folder)).sort()) {
    messages.push(...readReferenceFile(await readFile(join(folder, name))));
  }
  return messages;
}

test("the model merges what the reference recorded to what the reference merged", async () => {
  let merged = mergeReference(await synthetic("alpha"), await synthetic("beta"));
  for (let rounds = 0;; rounds++) {
    assert.ok(rounds < 5, "the model never rests");
    const again = mergeReference(merged, merged);
    if (text(writeReferenceFile(again)) === text(writeReferenceFile(merged))) break;
    merged = again;
  }
  const expected = await synthetic("merged");
  assert.equal(text(writeReferenceFile(merged)), text(writeReferenceFile(expected)));
  const settled = await synthetic("settled");
  const beside = mergeReference(expected, settled);
  assert.equal(text(writeReferenceFile(beside)), text(writeReferenceFile(settled)));
});

test("the model dies where the reference does", async (t) => {
  const one = (await synthetic("settled")).find(({ id }) => id !== undefined)!.line;
  const read = (...lines: string[]) =>
    readReferenceFile(new TextEncoder().encode(lines.join("\n")));
  const other = one.replace('"sender":"', '"sender":"not-');
  assert.throws(() => mergeReference(read(one), read(other)), /two contents/);
  assert.throws(() => mergeReference(read(one, one), read(one)), /twice/);
  const root = await mkdtemp(join(tmpdir(), "chatloom-mixed-"));
  t.after(() => rm(root, { recursive: true }));
  const node = new ReferenceNode(root, seededRandom("dies"));
  await node.record(CHANNEL, 0, new TextEncoder().encode(`${one}\n`));
  assert.equal(await node.mergeAll(CHANNEL), 0);
  const hour = join(root, CHANNEL, "chat", "1970-01-01T00");
  const [name = ""] = await readdir(hour);
  await rename(join(hour, name), join(hour, `coverage-${name}`));
  await assert.rejects(node.mergeAll(CHANNEL), /no time/);
});

test("a cluster of ours and the reference comes to rest after two rounds", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const world = await mixedWorld(`mixed ${seed}`);
    try {
      const rounds = [];
      for (let i = 0; i < 2; i++) rounds.push(await world.round());
      assert.ok(rounds[0]!.pulled > 0 && rounds[0]!.merged > 0, "nothing came together");
      const after = await world.round();
      const replay = `replay with seed ${seed}: ${JSON.stringify(rounds)}`;
      assert.deepEqual(after, { pulled: 0, merged: 0, fetched: 0 }, replay);
      const here = new Map<string, string>();
      for await (const key of world.store.list("")) {
        here.set(key, text((await world.store.get(key))!));
      }
      const there = [...await world.theirs.files()].map(([path, bytes]) =>
        [path, text(bytes)] as const
      );
      assert.deepEqual(here, new Map(there), replay);
    } finally {
      await world.close();
    }
  }
});

test("no name in an archive of ours ends the reference's services", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-mixed-"));
  t.after(() => rm(root, { recursive: true }));
  const archive = join(root, "ours");
  const reference = new ReferenceNode(archive, seededRandom("names"));
  let writing = 0;
  const store = fileSystemStore(archive, {
    calls: {
      ...NODE_FILE_CALLS,
      // A file is whole under its scratch name, and the reference's merger comes by.
      async rename(from, to) {
        if (from.includes(join(SMALL, "chat"))) {
          await reference.mergeAll(SMALL);
          writing++;
        }
        await NODE_FILE_CALLS.rename(from, to);
      },
    },
  });
  const files = filesOf([
    { content: 1, isExact: true, receiver: 1, receivedS: 2, startS: 1, lengthS: 0 },
    { content: 2, isExact: true, receiver: 1, receivedS: 70, startS: 65, lengthS: 0 },
  ]);
  for (const [key, bytes] of files) await store.put(key, bytes);
  const target = { kind: "message", id: "9" } as const;
  const order = encodeRedaction({ target, madeUs: WORLD_US, reason: "" });
  const hourUs = hourOf(WORLD_US);
  const coverage = encodeCoverage(hourUs, new Map([["n.aaaaa.1", [[0, 60]]]]));
  const digest = (bytes: Uint8Array) => hasher.digest(bytes);
  const channel = SMALL;
  const redaction = formatArchiveKey({ kind: "redaction", channel, digest: digest(order) });
  await store.put(redaction, order);
  const covered = { kind: "coverage", channel, hourUs, digest: digest(coverage) } as const;
  await store.put(formatArchiveKey(covered), coverage);
  await fileSystemUnsettled(archive).add({ channel, hour: "2026-08-01T23" });
  await fileSystemOrders(archive).append(channel, "{}\n");
  assert.ok(writing >= 2, "no writer was met");

  await reference.mergeAll(SMALL);
  const listener = await serveOurs({ files: store });
  t.after(() => listener.close({ graceMs: 0 }));
  const other = new ReferenceNode(join(root, "theirs"), seededRandom("other"));
  assert.equal(await other.backfill(listener.url), files.size);
  assert.equal(await other.backfill(listener.url), 0);

  // What the page on wubloader warns of: a tombstone in an hour that it does not have yet.
  const [[key = ""] = []] = files;
  await store.put(key.replace(/json$/, "tombstone"), new Uint8Array());
  await reference.mergeAll(SMALL);
  assert.equal(await other.backfill(listener.url), 0);
  const fresh = new ReferenceNode(join(root, "fresh"), seededRandom("fresh"));
  await assert.rejects(fresh.backfill(listener.url), { code: "ENOENT" });
});
