import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import { readPeerNames } from "../../../../src/engine/sync/state/peer_keys.ts";
import { PeerStats } from "../../../../src/engine/sync/state/peer_stats.ts";

function world() {
  const told: string[] = [];
  const counted: [name: string, labels: object | undefined, amount: number | undefined][] = [];
  const stats = new PeerStats("p", {
    report: (_severity, _message, fields) =>
      void told.push(String(fields?.["key"] ?? fields?.["folder"] ?? fields?.["code"])),
    count: (name, labels, amount) => void counted.push([name, labels, amount]),
  });
  return { stats, told, counted };
}

test("PeerStats adds up what came and what went wrong", () => {
  const { stats, counted } = world();
  stats.stored(10);
  stats.stored(5);
  stats.failed(new ChatloomError("CONNECTION_LOST", "Cannot"));
  stats.mismatched("a", "why");
  stats.mismatched("a", "why");
  stats.refused("b", { why: "unreadable", reason: "why" });
  stats.refusedNames("f", 0);
  stats.refusedNames("f", 3);
  stats.held(2);
  stats.held(3);
  assert.deepEqual(stats.totals, {
    files: 2,
    bytes: 15,
    errors: 1,
    mismatches: 2,
    refused: 4,
    held: 5,
  });
  assert.deepEqual(counted, [
    ["sync_files", { peer: "p" }, undefined],
    ["sync_bytes", { peer: "p" }, 10],
    ["sync_files", { peer: "p" }, undefined],
    ["sync_bytes", { peer: "p" }, 5],
    ["sync_errors", { peer: "p", code: "CONNECTION_LOST" }, undefined],
    ["sync_mismatches", { peer: "p" }, undefined],
    ["sync_mismatches", { peer: "p" }, undefined],
    ["sync_refused", { peer: "p", why: "unreadable" }, 1],
    ["sync_refused", { peer: "p", why: "name" }, 3],
  ]);
});

test("PeerStats tells once of each thing, until all is well again, and of a thousand at most", () => {
  const { stats, told } = world();
  const lost = new ChatloomError("CONNECTION_LOST", "Cannot");
  for (let i = 0; i < 2; i++) {
    stats.failed(lost);
    stats.failed(lost, { key: "k" });
    stats.mismatched("a", "why");
    stats.refusedNames("f", 1);
  }
  assert.deepEqual(told, ["CONNECTION_LOST", "k", "a", "f"]);
  stats.forgive();
  stats.mismatched("a", "why");
  assert.equal(told.length, 5);
  for (let i = 0; i < 1_000; i++) stats.mismatched(`${i}`, "why");
  assert.equal(told.length, 5 + 999);
});

test("readPeerNames takes names of the folder only, each once, in order, and no more than asked for", () => {
  const folder = "forsen/chat/2026-08-01T12";
  const name = (minute: number): string => `${minute}:00-${"A".repeat(43)}.json`;
  const names = [name(30), name(10), name(10), "x", `../2026-08-01T12/${name(11)}`, name(20), ""];
  const all = readPeerNames(folder, names, { isWanted: () => true, countMax: 9 });
  const keys = [10, 20, 30].map((minute) => `${folder}/${name(minute)}`);
  assert.deepEqual(all, { keys, refusedCount: 3 });
  const two = readPeerNames(folder, names, { isWanted: () => true, countMax: 2 });
  assert.deepEqual(two, { keys: [keys[0], keys[2]], refusedCount: 3 });
  const one = readPeerNames(folder, names, { isWanted: (key) => key === keys[1], countMax: 1 });
  assert.deepEqual(one, { keys: [keys[1]], refusedCount: 3 });
});
