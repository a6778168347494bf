import assert from "node:assert/strict";
import { test } from "node:test";
import {
  memoryMarks,
  memoryNotes,
  memoryOrders,
} from "../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SupersededFiles } from "../../../src/engine/sync/state/superseded_files.ts";
import type { SyncOptions } from "../../../src/engine/sync/state/sync_options.ts";
import { Syncer } from "../../../src/engine/sync/syncer.ts";
import type { Peer } from "../../../src/ports/peer.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

/** A syncer, and a peer of which it is known when it was asked for what, from which hour on. */
function world(options: Partial<SyncOptions> = {}) {
  const clock = virtualClock(); // It shows 12:34.
  const startUs = clock.elapsedUs();
  const asked: [atS: number, since: string][] = [];
  let failure: Error | undefined;
  const peerOf = (name: string): Peer => ({
    name,
    digests: ({ since }: { since: string }) => {
      asked.push([(clock.elapsedUs() - startUs) / 1e6, since]);
      return failure === undefined ? Promise.resolve(new Map()) : Promise.reject(failure);
    },
  } as unknown as Peer);
  const store = memoryStore();
  const syncer = new Syncer({
    store,
    hasher,
    clock,
    random: { next: () => 0.5 }, // In the middle of every spread.
    reporter: noopReporter,
    superseded: new SupersededFiles(memoryNotes(), noopReporter),
    marks: memoryMarks(),
    orders: memoryOrders(),
    ...options,
  });
  const stop = new AbortController();
  const fail = (error: Error | undefined): void => void (failure = error);
  return { clock, store, syncer, stop, asked, fail, peerOf };
}

const NEVER = new AbortController().signal;
const RECENT = "2026-08-01T09";

test("Syncer looks at the last three hours each ten seconds, and at all each ten minutes", async () => {
  const { clock, store, syncer, stop, asked, peerOf } = world();
  await store.put(`c/chat/2026-08-01T12/00:00-${"A".repeat(43)}.json`, new Uint8Array());
  syncer.setPeers([peerOf("p")]);
  const running = syncer.run(stop.signal);
  await clock.advance(25_000);
  assert.deepEqual(asked.splice(0), [[0, RECENT], [0, ""], [10, RECENT], [20, RECENT]]);
  await clock.advance(600_000);
  const full = asked.filter(([, since]) => since === "").map(([atS]) => atS);
  assert.deepEqual(full, [600]);
  assert.equal(asked.length, 61);
  stop.abort();
  await running;
  assert.equal(clock.sleeperCount, 0);
});

test("Syncer backs off from a peer that fails, up to five minutes, and then looks as before", async () => {
  const { clock, syncer, stop, asked, fail, peerOf } = world();
  fail(new ChatloomError("CONNECTION_LOST", "Cannot reach it"));
  syncer.setPeers([peerOf("p")]);
  const running = syncer.run(stop.signal);
  await clock.advance(1_400_000);
  const waits = asked.map(([atS], i) => atS - (asked[i - 1]?.[0] ?? 0));
  const expected = [0, 1.5, 3, 6, 12, 24, 48, 96, 192, 225, 225, 225, 225];
  assert.deepEqual(waits.map((wait) => Math.round(wait * 1e3) / 1e3), expected);
  const [state] = syncer.state();
  assert.deepEqual([state!.status, state!.goodMsAgo], ["Cannot reach it", undefined]);
  assert.equal(state!.errors, 13);
  fail(undefined);
  asked.length = 0;
  await clock.advance(225_000);
  assert.ok(asked.length > 2);
  const [good] = syncer.state();
  assert.equal(good!.status, "up to date");
  assert.ok(good!.goodMsAgo! <= 10_000);
  stop.abort();
  await running;
});

test("Syncer looks from the hour that is wanted, or from the archive's newest where the clock is ahead", async () => {
  const { clock, syncer, stop, asked, peerOf } = world({ since: "2026-08-01T10" });
  syncer.setPeers([peerOf("p")]);
  const running = syncer.run(stop.signal);
  await clock.advance(1);
  assert.deepEqual(asked.map(([, since]) => since), ["2026-08-01T10", "2026-08-01T10"]);
  stop.abort();
  await running;
  const old = world();
  await old.store.put(`c/chat/2026-07-01T05/00:00-${"A".repeat(43)}.json`, new Uint8Array());
  old.syncer.setPeers([old.peerOf("p")]);
  const again = old.syncer.run(old.stop.signal);
  await old.clock.advance(1);
  assert.equal(old.asked[0]![1], "2026-07-01T02");
  old.stop.abort();
  await again;
});

test("Syncer.setPeers begins with new peers and leaves those that are gone", async () => {
  const { clock, syncer, stop, asked, peerOf } = world();
  const running = syncer.run(stop.signal);
  await clock.advance(1_000);
  assert.deepEqual([asked, syncer.state()], [[], []]);
  syncer.setPeers([peerOf("p"), peerOf("q")]);
  await clock.advance(1);
  assert.equal(asked.length, 4);
  syncer.setPeers([peerOf("q")]);
  await clock.advance(10_000);
  assert.equal(asked.length, 5);
  assert.deepEqual(syncer.state().map(({ peer }) => peer), ["q"]);
  syncer.setPeers([]);
  await clock.advance(60_000);
  assert.equal(asked.length, 5);
  stop.abort();
  await running;
  assert.equal(clock.sleeperCount, 0);
});

test("Syncer ends with a bug, in whichever pass it is", async () => {
  const { clock, syncer, stop, fail, peerOf } = world();
  fail(new TypeError("a bug"));
  syncer.setPeers([peerOf("p"), peerOf("q")]);
  await assert.rejects(clock.run(syncer.run(stop.signal)), /a bug/);
  assert.equal(clock.sleeperCount, 0, "the others were told to stop");
});

test("Syncer.once looks once, and ends with the caller's reason or a failure of its own store", async () => {
  const { syncer, asked, fail, peerOf, store } = world();
  syncer.setPeers([peerOf("p")]);
  const [state] = await syncer.once({ signal: NEVER, check: false });
  assert.deepEqual([state!.status, asked], ["up to date", [[0, ""]]]);
  const enough = AbortSignal.abort(new Error("enough"));
  await assert.rejects(syncer.once({ signal: enough, check: false }), /enough/);
  fail(new ChatloomError("CONNECTION_LOST", "Cannot reach it"));
  const [lost] = await syncer.once({ signal: NEVER, check: false });
  assert.equal(lost!.status, "Cannot reach it");
  fail(new ChatloomError("STORE_FULL", "Cannot write"));
  const full = syncer.once({ signal: NEVER, check: false });
  await assert.rejects(full, { code: "STORE_FULL" });
  fail(undefined);
  store.folders = () => {
    throw new ChatloomError("STORE_IO", "Cannot list");
  };
  const check = syncer.once({ signal: NEVER, check: true });
  await assert.rejects(check, { code: "STORE_IO" });
});
