import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  type ArchiveKey,
  formatArchiveKey,
  parseArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { HOUR_US, hourOf } from "../../../src/core/time.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import { pruneArchive } from "../../../src/engine/prune/prune_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  addSmall,
  CHANNEL,
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  randomSightings,
  type SmallSighting,
  textsOf,
  WORLD_US,
} from "../settle/settle_world.ts";
import { storePeer, syncNode, type Trouble } from "./sync_world.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";

const SEEDS = Number(process.env["SYNC_SEEDS"] ?? 25);
const NEVER = new AbortController().signal;
const SIGHTINGS: readonly SmallSighting[] = [
  { content: 1, isExact: true, receiver: 1, receivedS: 2, startS: 1, lengthS: 0 },
  { content: 2, isExact: true, receiver: 1, receivedS: 70, startS: 65, lengthS: 0 },
  { content: 0, receiver: 1, receivedS: 30, startS: 20, lengthS: 10 },
];

async function putAll(
  store: BatchStore,
  sightings: readonly SmallSighting[],
): Promise<ArchiveKey[]> {
  const files = filesOf(sightings);
  for (const [key, bytes] of files) await store.put(key, bytes);
  return [...files.keys()];
}

function truthOf(sightings: readonly SmallSighting[]): Map<ArchiveKey, string> {
  const set = new SightingSet();
  for (const each of sightings) addSmall(set, each);
  return textsOf(filesOfSet(set));
}

test("Syncer makes three nodes equal through lost calls and damaged bytes, under all faults", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`sync ${seed}`);
    const world = virtualClock({ startUs: WORLD_US + HOUR_US });
    const sightings = randomSightings(random, 4 + intBelow(random, 12));
    let isHealed = false;
    const trouble: Trouble = (what) => {
      if (isHealed || random.next() > 0.3) return "fine";
      return what.startsWith("bytes") ? "damaged" : "lost";
    };
    const nodes = [0, 1, 2].map((i) =>
      syncNode({ name: `node ${i}`, clock: world.host(pick(random, [0, -86_400e6, 7_200e6])) })
    );
    const stop = new AbortController();
    const running = nodes.flatMap(({ syncer, settler }, i) => {
      // A ring: each pulls from the next only, one of them from a node without digests.
      const next = nodes[(i + 1) % 3]!;
      syncer.setPeers([storePeer(`to ${i}`, next.files, { trouble, hasDigests: i !== 1 })]);
      return [syncer.run(stop.signal), settler.run(stop.signal)];
    });
    for (const sighting of sightings) {
      const { store, settler } = pick(random, nodes);
      for (const key of await putAll(store, [sighting])) settler.onFileStored(key);
      await world.advance(intBelow(random, 20_000));
    }
    isHealed = true;
    await world.advance(900_000);
    stop.abort();
    await world.run(Promise.all(running));
    for (const { files } of nodes) {
      assert.deepEqual(await contentsOf(files), truthOf(sightings), `replay with seed ${seed}`);
    }
  }
});

test("Syncer never fetches a file twice, also after settling has replaced it", async () => {
  for (const hasDigests of [true, false]) {
    const world = virtualClock();
    const node = syncNode({ name: "node", clock: world });
    const other = syncNode({ name: "other", clock: world });
    await putAll(node.store, [{ ...SIGHTINGS[0]!, receiver: 2 }, SIGHTINGS[1]!]);
    const keys = await putAll(other.files, SIGHTINGS);
    const peer = storePeer("other", other.files, { hasDigests });
    node.syncer.setPeers([peer]);
    for (let i = 0; i < 5; i++) {
      await node.syncer.once({ signal: NEVER, check: false });
      await node.settler.settleNoted();
    }
    assert.deepEqual(
      [...peer.reads.values()],
      keys.filter((key) => peer.reads.has(key)).map(() => 1),
    );
    assert.ok(peer.reads.size >= 1);
    const kept = await contentsOf(node.files);
    assert.ok(keys.some((key) => !kept.has(key)), "settling should have replaced a file");
  }
});

test("Syncer fetches all of an hour again when a file that held merged messages has vanished", async () => {
  const world = virtualClock();
  const node = syncNode({ name: "node", clock: world });
  const other = syncNode({ name: "other", clock: world });
  await putAll(node.store, [{ ...SIGHTINGS[0]!, receiver: 2 }]);
  await putAll(other.files, SIGHTINGS);
  node.syncer.setPeers([storePeer("other", other.files)]);
  for (let i = 0; i < 3; i++) {
    await node.syncer.once({ signal: NEVER, check: false });
    await node.settler.settleNoted();
  }
  for (const key of (await contentsOf(node.files)).keys()) await node.files.delete(key);
  await world.advance(10_000);
  for (let i = 0; i < 2; i++) {
    await node.syncer.once({ signal: NEVER, check: false });
    await node.settler.settleNoted();
  }
  assert.deepEqual(await contentsOf(node.files), truthOf(SIGHTINGS));
});

test("Syncer heals a damaged file of its own", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  const [key = ""] = await putAll(other!.files, SIGHTINGS);
  await putAll(node!.files, SIGHTINGS);
  const good = (await node!.files.get(key))!;
  await node!.files.put(key, good.map((byte, i) => i === 5 ? byte ^ 1 : byte));
  node!.syncer.setPeers([storePeer("other", other!.files)]);
  const [state] = await node!.syncer.once({ signal: NEVER, check: true });
  assert.equal(state?.files, 1);
  assert.deepEqual([...(await node!.files.get(key))!], [...good]);
});

test("Syncer takes redactions, tombstones and coverage over, and nothing that they hide", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  const [hidden = ""] = await putAll(other!.files, SIGHTINGS);
  const tombstone = hidden.replace(/json$/, "tombstone");
  await other!.files.put(tombstone, new TextEncoder().encode("because"));
  const order = encodeRedaction({
    target: { kind: "message", id: "9" },
    madeUs: WORLD_US,
    reason: "",
  });
  const redaction = formatArchiveKey({
    kind: "redaction",
    channel: CHANNEL,
    digest: hasher.digest(order),
  });
  await other!.files.put(redaction, order);
  const hourUs = hourOf(WORLD_US);
  const coverage = encodeCoverage(hourUs, new Map([["n.aaaaa.1", [[0, 60]]]]));
  const covered = formatArchiveKey({
    kind: "coverage",
    channel: CHANNEL,
    hourUs,
    digest: hasher.digest(coverage),
  });
  await other!.files.put(covered, coverage);
  const peer = storePeer("other", other!.files);
  node!.syncer.setPeers([peer]);
  await node!.syncer.once({ signal: NEVER, check: false });
  const found = await contentsOf(node!.files);
  for (const key of [tombstone, redaction, covered]) assert.ok(found.has(key), key);
  assert.ok(!found.has(hidden) && !peer.reads.has(hidden));
  assert.equal([...peer.reads.keys()][0], redaction, "redactions come first");
});

test("Syncer leaves out what cannot be read, names it once and does not ask for it again", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  const junk = new TextEncoder().encode("no message\n");
  const bad = formatArchiveKey({
    kind: "batch",
    channel: CHANNEL,
    minuteUs: WORLD_US,
    digest: hasher.digest(junk),
  });
  await other!.files.put(bad, junk);
  await putAll(other!.files, SIGHTINGS);
  const peer = storePeer("other", other!.files);
  node!.syncer.setPeers([peer]);
  for (let i = 0; i < 3; i++) await node!.syncer.once({ signal: NEVER, check: false });
  assert.equal(peer.reads.get(bad), 1);
  assert.equal(node!.syncer.state()[0]!.refused, 1);
  assert.deepEqual(await contentsOf(node!.files), truthOf(SIGHTINGS));
});

test("pruneArchive deletes old hours, and they do not come back through sync", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  for (const { files } of [node!, other!]) await putAll(files, SIGHTINGS);
  const options = {
    ...node!,
    lock: inProcessLock(node!.store),
    beforeUs: hourOf(WORLD_US) + HOUR_US,
    channels: [CHANNEL],
  };
  const wouldGo = [];
  for await (const hour of pruneArchive({ ...options, isDryRun: true })) wouldGo.push(hour);
  assert.deepEqual(await contentsOf(node!.files), truthOf(SIGHTINGS));
  const went = [];
  for await (const hour of pruneArchive({ ...options, isDryRun: false })) went.push(hour);
  assert.deepEqual(went, wouldGo);
  const hasDigests = false;
  node!.syncer.setPeers([
    storePeer("digests", other!.files),
    storePeer("lists", other!.files, { hasDigests }),
  ]);
  await node!.syncer.once({ signal: NEVER, check: true });
  const left = [...(await contentsOf(node!.files)).keys()];
  const firstKept = hourOf(WORLD_US) + HOUR_US;
  assert.ok(left.every((key) => {
    const parts = parseArchiveKey(key);
    return parts?.kind === "batch" && parts.minuteUs >= firstKept;
  }));
  assert.ok(went.length > 0);
});

test("Syncer asks a peer that is equal once", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  for (const { files } of [node!, other!]) await putAll(files, SIGHTINGS);
  const peer = storePeer("other", other!.files);
  node!.syncer.setPeers([peer]);
  await node!.syncer.once({ signal: NEVER, check: false });
  assert.equal(peer.requests, 1);
});

test("Syncer is not held up by a peer that never answers", async () => {
  const world = virtualClock();
  const [node, other] = ["node", "other"].map((name) => syncNode({ name, clock: world }));
  await putAll(other!.files, SIGHTINGS);
  const silent = {
    ...storePeer("silent", other!.files),
    read: () => new Promise<undefined>(() => {}),
  };
  node!.syncer.setPeers([silent, storePeer("good", other!.files)]);
  const stop = new AbortController();
  node!.syncer.run(stop.signal).catch(() => {});
  await world.advance(30_000);
  assert.deepEqual(await contentsOf(node!.files), truthOf(SIGHTINGS));
  stop.abort();
});
