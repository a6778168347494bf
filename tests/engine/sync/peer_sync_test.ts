import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SupersededFiles } from "../../../src/engine/sync/state/superseded_files.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  filesOf,
  hasher,
  redactionFile,
  storeWith,
  WORLD_US,
} from "../../simulation/settle/settle_world.ts";
import { storePeer, syncNode } from "../../simulation/sync/sync_world.ts";

const ONCE = { signal: new AbortController().signal, check: false };

const said = (content: number) =>
  filesOf([{ content, isExact: true, receiver: 0, receivedS: 1, startS: 1, lengthS: 0 }]);

test("Syncer lists an hour again only when it changed, where it gave nothing", async () => {
  const theirs = await storeWith(said(1));
  const [[key = ""] = []] = said(1);
  const node = syncNode({ clock: virtualClock(), name: "node" });
  await new SupersededFiles(node.notes, noopReporter).noteDeleted(key);
  const peer = storePeer("peer", theirs);
  node.syncer.setPeers([peer]);
  const requests = async (): Promise<number> => {
    const before = peer.requests;
    const [state] = await node.syncer.once(ONCE);
    assert.equal(state!.status, "up to date");
    return peer.requests - before;
  };
  assert.equal(await requests(), 3, "two digests and a list");
  assert.equal(await requests(), 2);
  for (const [other, bytes] of said(2)) await theirs.put(other, bytes);
  assert.equal(await requests(), 4, "a list and a file beside the digests");
  assert.equal(await requests(), 3, "our part has changed");
  assert.equal(await requests(), 2);
  assert.equal(peer.reads.size, 1);
});

test("Syncer lists no hour again of which it could take nothing", async () => {
  const theirs = memoryStore();
  const nonsense = new TextEncoder().encode("nonsense\n");
  const key = batchKey("c", { timeUs: WORLD_US, digest: hasher.digest(nonsense) });
  await theirs.put(key, nonsense);
  const node = syncNode({ clock: virtualClock(), name: "node" });
  const peer = storePeer("peer", theirs);
  node.syncer.setPeers([peer]);
  const requests: number[] = [];
  for (let pass = 0; pass < 3; pass++) {
    const before = peer.requests;
    await node.syncer.once(ONCE);
    requests.push(peer.requests - before);
  }
  assert.deepEqual(requests, [4, 2, 2]);
});

test("Syncer tries a file that failed again after half a minute, and one that is gone no more", async () => {
  const clock = virtualClock();
  const theirs = await storeWith(said(1));
  const [[key = ""] = []] = said(1);
  const node = syncNode({ clock, name: "node" });
  let trouble: "lost" | "fine" = "lost";
  let tries = 0;
  const peer = storePeer("peer", theirs, {
    trouble: (what) => what !== key ? "fine" : (tries++, trouble),
  });
  node.syncer.setPeers([peer]);
  const status = async (): Promise<string> => (await node.syncer.once(ONCE))[0]!.status;
  assert.match(await status(), /^1 file/);
  assert.match(await status(), /^1 file/);
  assert.equal(tries, 1);
  await clock.advance(29_999);
  await status();
  assert.equal(tries, 1);
  await clock.advance(1);
  trouble = "fine";
  assert.equal(await status(), "up to date");
  assert.equal(tries, 2);
  assert.equal(node.syncer.state()[0]!.files, 1);
});

test("Syncer takes redactions before any batch, and tells of what it stored", async () => {
  const theirs = await storeWith([...said(5), ...said(6)]);
  const [redaction, order] = await redactionFile("5");
  await theirs.put(redaction, order);
  const files = memoryStore();
  const stored: string[] = [];
  const put = files.put.bind(files);
  files.put = async (key, ...rest) => {
    await put(key, ...rest);
    stored.push(key);
  };
  const node = syncNode({ clock: virtualClock(), name: "node", files });
  node.syncer.setPeers([storePeer("peer", theirs)]);
  await node.syncer.once(ONCE);
  assert.equal(stored[0], redaction);
  assert.equal(stored.length, 3);
  assert.equal(node.settler.pending, 2, "a minute and the whole channel");
});

test("Syncer ends a pass over a peer that fails again and again, before it has asked for all", async () => {
  const theirs = memoryStore();
  for (let content = 0; content < 40; content++) {
    for (const [key, bytes] of said(content)) await theirs.put(key, bytes);
  }
  const node = syncNode({ clock: virtualClock(), name: "node" });
  const peer = storePeer("peer", theirs, {
    trouble: (what) => what.startsWith("bytes ") ? "damaged" : "fine",
  });
  node.syncer.setPeers([peer]);
  const [state] = await node.syncer.once(ONCE);
  assert.match(state!.status, /"peer"/);
  assert.equal(state!.files, 0);
  assert.ok(state!.mismatches >= 16 && state!.mismatches <= 24, `${state!.mismatches}`);
});

test("Syncer passes on a failure of its own store, and none of the peer's files is lost by it", async () => {
  const theirs = await storeWith(said(1));
  const files = memoryStore();
  const put = files.put.bind(files);
  let isFull = true;
  files.put = (...args) =>
    isFull ? Promise.reject(new ChatloomError("STORE_FULL", "Cannot write")) : put(...args);
  const node = syncNode({ clock: virtualClock(), name: "node", files });
  node.syncer.setPeers([storePeer("peer", theirs)]);
  await assert.rejects(node.syncer.once(ONCE), { code: "STORE_FULL" });
  isFull = false;
  const [state] = await node.syncer.once(ONCE);
  assert.deepEqual([state!.status, state!.files], ["up to date", 1]);
});

test("Syncer looks at the whole archive, at its usual pace, while a file cannot be had", async () => {
  const clock = virtualClock();
  const startUs = clock.elapsedUs();
  const theirs = await storeWith(said(1));
  const node = syncNode({ clock, name: "node" });
  const peer = storePeer("peer", theirs, {
    trouble: (what) => what.includes("/chat/") ? "lost" : "fine",
  });
  const asked: [atS: number, since: string][] = [];
  const { digests } = peer;
  peer.digests = (options) => {
    asked.push([(clock.elapsedUs() - startUs) / 1e6, options.since]);
    return digests(options);
  };
  node.syncer.setPeers([peer]);
  const stop = new AbortController();
  const running = node.syncer.run(stop.signal);
  await clock.advance(40_000);
  assert.match(node.syncer.state()[0]!.status, /^1 file/);
  assert.deepEqual(asked.slice(0, 2).map(([atS]) => atS), [0, 0]);
  assert.equal(asked[1]![1], "");
  for (const [i, [atS]] of asked.slice(2).entries()) {
    const waitS = atS - asked[i + 1]![0];
    assert.ok(waitS >= 7.5 && waitS <= 12.5, `${waitS} s`);
  }
  stop.abort();
  await running;
  assert.equal(clock.sleeperCount, 0);
});
