import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import type { Peer } from "../../../src/ports/peer.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  contentsOf,
  filesOf,
  hasher,
  type SmallSighting,
  textsOf,
  WORLD_US,
} from "../settle/settle_world.ts";
import { storePeer, type SyncNode, syncNode } from "./sync_world.ts";

const NEVER = new AbortController().signal;
/** One a minute, over several hours. */
const SIGHTINGS: readonly SmallSighting[] = Array.from({ length: 200 }, (_, minute) => ({
  content: minute,
  isExact: true,
  receiver: 1,
  receivedS: minute * 60 + 2,
  startS: minute * 60 + 1,
  lengthS: 0,
}));
const FILES = filesOf(SIGHTINGS);

async function fullNode(name: string, clock: ReturnType<typeof virtualClock>): Promise<SyncNode> {
  const node = syncNode({ name, clock });
  for (const [key, bytes] of FILES) await node.files.put(key, bytes);
  return node;
}

/** A peer that says no to some files, as one does that answers 503. */
function refusing(peer: Peer, isRefused: (key: ArchiveKey) => boolean): Peer & { asked: number } {
  const refuser = {
    ...peer,
    asked: 0,
    read: (key: ArchiveKey, options: Parameters<Peer["read"]>[1]) => {
      if (!isRefused(key)) return peer.read(key, options);
      refuser.asked++;
      return Promise.reject(new ChatloomError("PEER_REFUSED", `Cannot use the answer: 503`));
    },
  };
  return refuser;
}

test("Syncer takes the others when a peer says no to a file, and that one when it is given", async () => {
  for (const hasDigests of [true, false]) {
    const world = virtualClock();
    const [node, other] = [
      syncNode({ name: "node", clock: world }),
      await fullNode("other", world),
    ];
    let isHealed = false;
    // The latest files are asked for first: these stand in front of all others.
    const bad = new Set([...FILES.keys()].sort().slice(-40));
    const peer = refusing(
      storePeer("other", other.files, { hasDigests }),
      (key) => !isHealed && bad.has(key),
    );
    node.syncer.setPeers([peer]);
    const [state] = await node.syncer.once({ signal: NEVER, check: false });
    const found = await contentsOf(node.files);
    assert.equal(found.size, FILES.size - bad.size, "files beside the bad ones were not asked for");
    assert.equal(state!.status, "40 files could not be fetched yet");
    assert.equal(peer.asked, bad.size);

    isHealed = true;
    await node.syncer.once({ signal: NEVER, check: false });
    assert.equal((await contentsOf(node.files)).size, found.size, "asked again at once");
    await world.advance(31_000);
    await node.syncer.once({ signal: NEVER, check: false });
    assert.deepEqual(await contentsOf(node.files), textsOf(FILES));
    assert.equal(node.syncer.state()[0]!.status, "up to date");
  }
});

test("Syncer that runs looks at old hours too while a file of the last hours cannot be fetched", async () => {
  const world = virtualClock({ startUs: WORLD_US + 200 * MINUTE_US });
  const [node, other] = [syncNode({ name: "node", clock: world }), await fullNode("other", world)];
  const [newest] = [...FILES.keys()].sort().reverse();
  node.syncer.setPeers([refusing(storePeer("other", other.files), (key) => key === newest)]);
  const stop = new AbortController();
  const running = node.syncer.run(stop.signal);
  await world.advance(60_000);
  stop.abort();
  await world.run(running);
  assert.equal((await contentsOf(node.files)).size, FILES.size - 1);
});

test("Syncer goes on when a peer cannot list one hour or one channel", async () => {
  const world = virtualClock();
  const [node, other] = [syncNode({ name: "node", clock: world }), await fullNode("other", world)];
  const peer = storePeer("other", other.files, { hasDigests: false });
  const lost = () =>
    Promise.reject(new ChatloomError("PEER_REFUSED", "Cannot use the answer: 503"));
  const partial: Peer = {
    ...peer,
    channels: async () => ["b", ...await peer.channels()],
    hours: (channel) => channel === "b" ? lost() : peer.hours(channel),
    files: (channel, folder) =>
      folder === "chat/2026-08-02T01" ? lost() : peer.files(channel, folder),
  };
  node.syncer.setPeers([partial]);
  const [state] = await node.syncer.once({ signal: NEVER, check: false });
  const expected = [...FILES.keys()].filter((key) => !key.includes("T01/")).sort();
  assert.deepEqual([...(await contentsOf(node.files)).keys()], expected);
  assert.equal(state!.errors, 2);
});

test("Syncer leaves a peer that gives wrong bytes for everything, after some files", async () => {
  const world = virtualClock();
  const [node, other] = [syncNode({ name: "node", clock: world }), await fullNode("other", world)];
  const peer = storePeer("other", other.files, {
    trouble: (what) => what.startsWith("bytes") ? "damaged" : "fine",
  });
  node.syncer.setPeers([peer]);
  await node.syncer.once({ signal: NEVER, check: false });
  assert.equal((await contentsOf(node.files)).size, 0);
  assert.ok(peer.reads.size < 32, `${peer.reads.size} files were fetched`);
});

test("a pass over a peer that plays for time ends, whatever it lists", async () => {
  const world = virtualClock();
  const node = syncNode({ name: "node", clock: world });
  const wait = (signal?: AbortSignal) => world.sleep(59_000, signal);
  const names = Array.from({ length: 60 }, (_, i) => {
    const digest = hasher.digest(new Uint8Array([i]));
    const key = batchKey("c", { timeUs: WORLD_US + i * 1_000_000, digest });
    return key.slice(key.lastIndexOf("/") + 1);
  });
  const drips = (what: "hours" | "files" | "bytes"): Peer => ({
    name: `drips ${what}`,
    channels: () => Promise.resolve(["c"]),
    async hours() {
      await Promise.resolve();
      return Array.from(
        { length: 10_000 },
        (_, i) => new Date(Date.UTC(2020, 0, 1, i)).toISOString().slice(0, 13),
      );
    },
    async files(_, folder, { signal } = {}) {
      if (what === "hours" && folder !== ".chatloom/redactions") await wait(signal);
      return what === "hours" ? [] : names;
    },
    digests: () => Promise.resolve(undefined),
    channelDigest: () => Promise.resolve(undefined),
    read(_, { signal }) {
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 1_000; i++) {
          await world.sleep(14_000, signal);
          yield new Uint8Array(1);
        }
      }
      return Promise.resolve(pieces());
    },
  });
  for (const peer of [drips("hours"), drips("bytes")]) {
    node.syncer.setPeers([peer]);
    const startUs = world.elapsedUs();
    const [state] = await world.run(node.syncer.once({ signal: NEVER, check: false }));
    const tookS = (world.elapsedUs() - startUs) / 1_000_000;
    assert.ok(tookS <= 310, `${peer.name}: it took ${tookS} s`);
    assert.match(state!.status, /takes too long/);
  }
});
