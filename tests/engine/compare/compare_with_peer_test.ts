import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { fromSeconds, HOUR_US, minuteOf, SECOND_US } from "../../../src/core/time.ts";
import { compareWithPeer } from "../../../src/engine/compare/compare_with_peer.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Peer } from "../../../src/ports/peer.ts";
import { apiWorld, NOON_S, said } from "../../conformance/api/api_world.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";
import { storePeer } from "../../simulation/sync/sync_world.ts";

const ALL = { fromUs: 0, untilUs: 4e15 };

async function put(store: BatchStore, ...messages: readonly Message[]): Promise<void> {
  const bytes = encodeBatch(messages);
  const timeUs = minuteOf(fromSeconds(messages[0]!.time));
  await store.put(batchKey("forsen", { timeUs, digest: hasher.digest(bytes) }), bytes);
}

/** Two stores with an equal hour, a minute that differs, and an hour on each side that the other lacks. */
async function twoStores(): Promise<readonly [BatchStore, BatchStore]> {
  const [here, there] = [memoryStore(), memoryStore()];
  for (const store of [here, there]) await put(store, said(1, "both have this"));
  await put(here, said(3_601, "one"), said(3_602, "two"), said(3_603, "mine"));
  await put(there, said(3_601, "one"), said(3_602, "two"), said(3_604, "a"), said(3_605, "b"));
  await put(here, said(7_201, "only here"));
  await put(there, said(10_801, "only there"), said(10_802, "only there too"));
  return [here, there];
}

const hour = (name: string, counts: object) => ({
  hour: name,
  minutesOnlyHere: 0,
  minutesOnlyThere: 0,
  minutesDiffering: 0,
  messagesOnlyHere: 0,
  messagesOnlyThere: 0,
  uncountedFiles: 0,
  ...counts,
});
const DIFFERENCES = [
  hour("2026-08-01T15", { minutesOnlyThere: 1, messagesOnlyThere: 2 }),
  hour("2026-08-01T14", { minutesOnlyHere: 1, messagesOnlyHere: 1 }),
  hour("2026-08-01T13", { minutesDiffering: 1, messagesOnlyHere: 1, messagesOnlyThere: 2 }),
];

test("compareWithPeer counts what either side lacks, and reads only minutes that differ", async () => {
  const [here, there] = await twoStores();
  for (const hasDigests of [true, false]) {
    const peer = storePeer("peer", there, { hasDigests });
    const found = await compareWithPeer("forsen", peer, { store: here, hasher, ...ALL });
    assert.deepEqual(found, { differences: DIFFERENCES, equalHours: 1, next: undefined });
    assert.equal(peer.reads.size, 2, "the minute that both have alike was read");
  }
  const mirrored = await compareWithPeer("forsen", storePeer("peer", here), {
    store: there,
    hasher,
    ...ALL,
  });
  const last = mirrored.differences.at(-1)!;
  assert.deepEqual([last.messagesOnlyHere, last.messagesOnlyThere], [2, 1]);
  const none = await compareWithPeer("nymn", storePeer("peer", there), {
    store: here,
    hasher,
    ...ALL,
  });
  assert.deepEqual(none, { differences: [], equalHours: 0, next: undefined });
});

test("compareWithPeer goes on where a part ended, and finds the same", async () => {
  const [store, there] = await twoStores();
  const peer = storePeer("peer", there);
  const differences = [];
  let [parts, equalHours, untilUs] = [0, 0, ALL.untilUs];
  for (;;) {
    const found = await compareWithPeer("forsen", peer, {
      store,
      hasher,
      fromUs: 0,
      untilUs,
      bytesMax: 1,
    });
    differences.push(...found.differences);
    equalHours += found.equalHours;
    parts++;
    if (found.next === undefined) break;
    untilUs = Date.parse(`${found.next}:00:00Z`) * 1_000;
  }
  assert.equal(parts, 3);
  assert.deepEqual([differences, equalHours], [DIFFERENCES, 1]);
});

test("compareWithPeer counts no file whose bytes are not those of its name", async () => {
  const [store, there] = [memoryStore(), memoryStore()];
  const bytes = encodeBatch([said(1, "said")]);
  const timeUs = NOON_S * SECOND_US;
  // Of another hash, and of the right one with a text that is no batch.
  const nonsense = new TextEncoder().encode("nonsense\n");
  await there.put(batchKey("forsen", { timeUs, digest: new Uint8Array(32) }), bytes);
  await there.put(
    batchKey("forsen", { timeUs: timeUs + HOUR_US, digest: hasher.digest(nonsense) }),
    nonsense,
  );
  const { differences } = await compareWithPeer("forsen", storePeer("peer", there), {
    store,
    hasher,
    ...ALL,
  });
  assert.deepEqual(differences, [
    hour("2026-08-01T13", { minutesOnlyThere: 1, uncountedFiles: 1 }),
    hour("2026-08-01T12", { minutesOnlyThere: 1, uncountedFiles: 1 }),
  ]);
});

test("compare.json tells hours that differ; unknown peers and peers that fail are told apart", async () => {
  const [here, there] = await twoStores();
  const lost = storePeer("lost", there, { trouble: () => "lost" });
  const world = apiWorld({ store: here, peers: () => [lost, storePeer("a", there)] });
  assert.deepEqual(await world.json("/peers.json"), ["a", "lost"]);
  const found = await world.json("/forsen/compare.json?peer=a&start=2026-08-01T14:00");
  assert.deepEqual(found, {
    peer: "a",
    equal_hours: 0,
    hours: [
      {
        hour: "2026-08-01T15",
        minutes_only_here: 0,
        minutes_only_there: 1,
        minutes_differing: 0,
        messages_only_here: 0,
        messages_only_there: 2,
        uncounted_files: 0,
      },
      {
        hour: "2026-08-01T14",
        minutes_only_here: 1,
        minutes_only_there: 0,
        minutes_differing: 0,
        messages_only_here: 1,
        messages_only_there: 0,
        uncounted_files: 0,
      },
    ],
    next: null,
  });
  assert.equal((await world.ask("/forsen/compare.json?peer=lost")).status, 502);
  assert.equal((await world.ask("/forsen/compare.json?peer=http://else")).status, 404);
  assert.equal((await world.ask("/forsen/compare.json?peer=a&start=soon")).status, 400);
});

test("a peer that fails is told of by its name alone: why it failed goes to the log", async () => {
  const [here, there] = await twoStores();
  const secret = "tcp connect error 10.0.0.7, through the proxy user:secret@inner:3128";
  const failing = (code: "CONNECTION_LOST" | "PEER_REFUSED"): Peer => ({
    ...storePeer(code, there),
    channelDigest: () => Promise.reject(new ChatloomError(code, secret)),
  });
  const peers = [failing("CONNECTION_LOST"), failing("PEER_REFUSED")];
  const world = apiWorld({ store: here, peers: () => peers });
  const told: string[] = [];
  for (const { name } of peers) {
    const response = await world.ask(`/forsen/compare.json?peer=${name}`);
    assert.equal(response.status, 502);
    assert.doesNotMatch(JSON.stringify([...response.headers]), /10\.0\.0\.7|secret/);
    told.push(await response.text());
  }
  assert.deepEqual(told, [
    'Cannot hear from "CONNECTION_LOST"',
    'Cannot use the answer of "PEER_REFUSED"',
  ]);
  assert.equal(world.reports.filter((each) => each.includes(secret)).length, 2);
});

test("a node that tells of no peers has neither route, nor describes them", async () => {
  const [store] = await twoStores();
  const paths = async (world: ReturnType<typeof apiWorld>): Promise<string[]> => {
    const { paths } = await world.json("/openapi.json") as { readonly paths: object };
    return Object.keys(paths).filter((path) => /peers|compare/.test(path));
  };
  assert.deepEqual(await paths(apiWorld({ store, peers: () => [] })), [
    "/peers.json",
    "/{channel}/compare.json",
  ]);
  const silent = apiWorld({ store });
  assert.deepEqual(await paths(silent), []);
  assert.equal((await silent.ask("/peers.json")).status, 404);
  assert.equal((await silent.ask("/forsen/compare.json?peer=a")).status, 404);
});

test("a comparison whose caller leaves makes room for the next one", async () => {
  const [store, there] = await twoStores();
  const slow: Peer = {
    ...storePeer("slow", there),
    channelDigest: (_, { signal }) =>
      new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason))),
  };
  const world = apiWorld({ store, peers: () => [slow, storePeer("a", there)] });
  const leaving = new AbortController();
  const { signal } = leaving;
  const left = [1, 2, 3].map(() => world.ask("/forsen/compare.json?peer=slow", { signal }));
  const next = world.ask("/forsen/compare.json?peer=a");
  leaving.abort();
  for (const each of left) assert.equal((await each).status, 503);
  assert.equal((await next).status, 200);
  assert.deepEqual(world.reports.filter((each) => each.startsWith("error")), []);
});
