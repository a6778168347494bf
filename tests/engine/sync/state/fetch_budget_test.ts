import assert from "node:assert/strict";
import { test } from "node:test";
import { FetchBudget, FetchShare } from "../../../../src/engine/sync/state/fetch_budget.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const NEVER = new AbortController().signal;

/** A budget in which a fetch may hold 64 KiB without the turn. */
function tightBudget(): FetchBudget {
  const budget = new FetchBudget();
  budget.setPeers(1_000, { perPeerMax: 8 });
  assert.equal(budget.smallMaxBytes, 64 * KIB);
  return budget;
}

/** Lets promises that can settle do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test("FetchBudget gives each peer its share of 64 fetches, two at least, and of 24 MiB", () => {
  const budget = new FetchBudget();
  const shares = (peers: number, perPeerMax = 8): [perPeer: number, smallMaxBytes: number] => {
    budget.setPeers(peers, { perPeerMax });
    return [budget.perPeer, budget.smallMaxBytes];
  };
  assert.deepEqual([budget.perPeer, budget.smallMaxBytes], [1, MIB]);
  assert.deepEqual(shares(0), [8, MIB]);
  assert.deepEqual(shares(1), [8, MIB]);
  assert.deepEqual(shares(1, 3), [3, MIB]);
  assert.deepEqual(shares(3), [8, MIB]);
  assert.deepEqual(shares(4), [8, 24 * MIB / 32]);
  assert.deepEqual(shares(8), [8, 24 * MIB / 64]);
  assert.deepEqual(shares(9), [7, Math.floor(24 * MIB / 63)]);
  assert.deepEqual(shares(32), [2, 24 * MIB / 64]);
  assert.deepEqual(shares(64), [2, 24 * MIB / 128]);
  assert.deepEqual(shares(1, 1_000), [64, 24 * MIB / 64]);
  assert.deepEqual(shares(192), [2, 64 * KIB]);
  assert.deepEqual(shares(1_000), [2, 64 * KIB]);
});

test("FetchBudget gives the turn to the one that waits longest, and not to one that gave up", async () => {
  const budget = new FetchBudget();
  const order: string[] = [];
  const giveUp = new AbortController();
  assert.ok(budget.tryTake());
  assert.ok(!budget.tryTake());
  assert.ok(!budget.isWanted);
  const first = budget.take(NEVER).then(() => order.push("first"));
  const second = budget.take(giveUp.signal).catch((reason) => order.push(`second: ${reason}`));
  const third = budget.take(NEVER).then(() => order.push("third"));
  assert.ok(budget.isWanted);
  giveUp.abort("no more");
  await second;
  budget.giveBack();
  await first;
  await settle();
  assert.deepEqual(order, ["second: no more", "first"]);
  assert.ok(!budget.tryTake(), "the turn went from one to the next");
  budget.giveBack();
  await third;
  assert.ok(!budget.isWanted);
  assert.ok(!budget.tryTake());
  budget.giveBack();
  assert.ok(budget.tryTake());
});

test("FetchBudget.take gives nothing to one that has given up, neither before nor after", async () => {
  const budget = new FetchBudget();
  await assert.rejects(budget.take(AbortSignal.abort(new Error("early"))), /early/);
  assert.ok(budget.tryTake(), "the turn is still free");
  const late = new AbortController();
  const turn = budget.take(late.signal);
  budget.giveBack();
  await turn;
  const next = budget.take(NEVER);
  late.abort(); // It has the turn already: the one that waits must not lose its place.
  assert.ok(budget.isWanted);
  budget.giveBack();
  await next;
});

test("FetchBudget keeps one buffer, which grows with what is in it and is let go when large and idle", () => {
  const budget = new FetchBudget();
  assert.ok(budget.tryTake());
  const small = budget.grow(3);
  assert.equal(small.length, 64 * MIB);
  small.set([1, 2, 3]);
  assert.equal(budget.grow(64 * MIB), small);
  const large = budget.grow(64 * MIB + 1);
  assert.equal(large.length, 128 * MIB);
  assert.deepEqual([...large.subarray(0, 4)], [1, 2, 3, 0]);
  budget.giveBack();
  assert.equal(budget.grow(0).length, 0);
});

test("FetchShare holds a little without the turn, and takes it for more if it is free", async () => {
  const budget = tightBudget();
  const share = new FetchShare(budget);
  assert.ok(share.tryAdd(new Uint8Array(64 * KIB - 1).fill(1)));
  assert.ok(share.tryAdd(Uint8Array.of(2)));
  assert.ok(budget.tryTake(), "so much needs no turn");
  assert.ok(!share.tryAdd(Uint8Array.of(3)));
  assert.equal(share.length, 64 * KIB);
  budget.giveBack();
  assert.ok(share.tryAdd(Uint8Array.of(3)));
  assert.ok(!budget.tryTake());
  assert.ok(share.tryAdd(new Uint8Array(100 * KIB).fill(4)), "with the turn it may hold all");
  const bytes = share.bytes();
  assert.equal(share.length, 164 * KIB + 1);
  assert.deepEqual(
    [
      bytes.length,
      bytes[0],
      bytes[64 * KIB - 1],
      bytes[64 * KIB],
      bytes[64 * KIB + 1],
      bytes.at(-1),
    ],
    [164 * KIB + 1, 1, 2, 3, 4, 4],
  );
  assert.ok(!share.isInTheWay);
  const waiting = budget.take(NEVER);
  assert.ok(share.isInTheWay);
  share.release();
  await waiting;
  assert.ok(!share.isInTheWay);
});

test("FetchShare gives the bytes of all pieces, which are its own", () => {
  const share = new FetchShare(new FetchBudget());
  assert.deepEqual(share.bytes(), new Uint8Array());
  const piece = Uint8Array.of(1, 2);
  share.tryAdd(piece);
  piece.fill(9);
  assert.deepEqual(share.bytes(), Uint8Array.of(1, 2));
  share.tryAdd(Uint8Array.of(3));
  share.tryAdd(new Uint8Array());
  assert.deepEqual(share.bytes(), Uint8Array.of(1, 2, 3));
});

test("FetchShare.growLarge lets go of all bytes and waits for the turn", async () => {
  const budget = tightBudget();
  const share = new FetchShare(budget);
  share.tryAdd(Uint8Array.of(1, 2, 3));
  assert.ok(budget.tryTake());
  let hasTurn = false;
  const growing = share.growLarge(NEVER).then(() => hasTurn = true);
  await settle();
  assert.deepEqual([share.length, hasTurn], [0, false]);
  assert.deepEqual(share.bytes(), new Uint8Array());
  budget.giveBack();
  await growing;
  assert.ok(share.tryAdd(new Uint8Array(65 * KIB).fill(7)));
  await share.growLarge(NEVER); // It has the turn: only the bytes go.
  assert.equal(share.length, 0);
  share.tryAdd(Uint8Array.of(8));
  assert.deepEqual(share.bytes(), Uint8Array.of(8));
});

test("FetchShare.release gives the turn back once, however often it is called", async () => {
  const budget = tightBudget();
  const share = new FetchShare(budget);
  share.release(); // It has no turn to give.
  await share.growLarge(NEVER);
  share.release();
  assert.ok(budget.tryTake());
  share.release();
  assert.ok(!budget.tryTake(), "another has the turn now");
});

test("FetchShare without the turn leaves that of another alone when it gives up", async () => {
  const budget = tightBudget();
  assert.ok(budget.tryTake());
  const share = new FetchShare(budget);
  const giveUp = new AbortController();
  const growing = share.growLarge(giveUp.signal);
  giveUp.abort(new Error("enough"));
  await assert.rejects(growing, /enough/);
  share.release();
  assert.ok(!budget.tryTake());
  assert.ok(!budget.isWanted);
});
