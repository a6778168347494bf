import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { forEachConcurrent } from "../../../src/async/for_each_concurrent.ts";
import { fetchFile } from "../../../src/engine/sync/fetch_file.ts";
import { maxBytesOf } from "../../../src/engine/sync/file_fault.ts";
import { FetchBudget, FetchShare } from "../../../src/engine/sync/state/fetch_budget.ts";
import type { Peer } from "../../../src/ports/peer.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const KIB = 1_024;
const NEVER = new AbortController().signal;
const GOOD = encodeRedaction({
  target: { kind: "message", id: "5b54" },
  madeUs: 1_785_587_645_500_000,
  reason: "asked us to",
});

interface Setting {
  readonly bytes?: Uint8Array;
  readonly named?: Uint8Array;
  readonly pieces?: (clock: VirtualClock) => AsyncIterable<Uint8Array>;
  readonly read?: Peer["read"];
  readonly budget?: FetchBudget;
  readonly signal?: AbortSignal;
}

/** Fetches a redaction that is named after `named` and comes as `bytes`, or in `pieces`. */
function fetch({ bytes = GOOD, named = bytes, pieces, read, budget, signal = NEVER }: Setting) {
  const clock = virtualClock();
  const key = formatArchiveKey({
    kind: "redaction",
    channel: "forsen",
    digest: hasher.digest(named),
  });
  const reads: object[] = [];
  const wholly = async function* () {
    yield bytes.slice(0, 10);
    await Promise.resolve();
    yield bytes.slice(10);
  };
  const peer = {
    name: "p",
    read: read ?? ((_key, options) => {
      reads.push(options ?? {});
      return Promise.resolve(pieces?.(clock) ?? wholly());
    }),
  } as Peer;
  const share = new FetchShare(budget ?? new FetchBudget());
  const file = { key, parts: parseArchiveKey(key)! };
  const options = { hasher, clock, batchMaxBytes: 1_000, share, signal };
  return { clock, share, reads, fetched: fetchFile(file, peer, options) };
}

test("fetchFile gives the bytes that are what their name says", async () => {
  const { fetched, reads } = fetch({});
  assert.deepEqual(await fetched, { ok: true, bytes: GOOD });
  assert.deepEqual(reads, [{ maxBytes: 65_536, signal: NEVER }]);
  assert.equal(maxBytesOf("batch", 1_000), 1_000);
  assert.equal(maxBytesOf("coverage", 1_000), 4 * KIB * KIB);
  assert.equal(maxBytesOf("tombstone", 1_000), 0);
});

test("fetchFile says why it has no file", async () => {
  const why = async (setting: Setting): Promise<string | undefined> => {
    const file = await fetch(setting).fetched;
    return file.ok ? undefined : file.why;
  };
  const bad = new TextEncoder().encode("{}\n");
  assert.equal(await why({ bytes: bad, named: GOOD }), "mismatch");
  assert.equal(await why({ bytes: bad }), "unreadable");
  assert.equal(await why({ read: () => Promise.resolve(undefined) }), "gone");
  const refused = new ChatloomError("PEER_REFUSED", "no");
  assert.equal(await why({ read: () => Promise.reject(refused) }), "withheld");
  const lost = new ChatloomError("CONNECTION_LOST", "no");
  await assert.rejects(why({ read: () => Promise.reject(lost) }), { code: "CONNECTION_LOST" });
  await assert.rejects(why({ read: () => Promise.reject(new TypeError("bug")) }), TypeError);
});

/** A budget that is shared by so many peers that 64 KiB need the turn. */
function tightBudget(): FetchBudget {
  const budget = new FetchBudget();
  budget.setPeers(1_000, { perPeerMax: 8 });
  return budget;
}

test("fetchFile asks again for a large file when its turn comes", async () => {
  const budget = tightBudget();
  assert.ok(budget.tryTake());
  const bytes = new Uint8Array(65 * KIB);
  const { fetched, reads, share, clock } = fetch({ bytes, budget });
  await clock.advance(0);
  assert.deepEqual([reads.length, share.length], [1, 0]);
  budget.giveBack();
  const file = await fetched;
  assert.equal(reads.length, 2);
  assert.equal(file.ok ? "" : file.why, "unreadable");
  assert.ok(!budget.tryTake(), "the caller holds the bytes until it releases its share");
  share.release();
  assert.ok(budget.tryTake());
});

test("fetchFile gives up on a slow large file after ten seconds, if others wait for their turn", async () => {
  const pace = 256 * KIB; // A second.
  const outcome = async (
    { tookMs, bytes, isWanted = true }: {
      readonly tookMs: number;
      readonly bytes: number;
      readonly isWanted?: boolean;
    },
  ): Promise<string> => {
    const budget = tightBudget();
    const { fetched, clock } = fetch({
      budget,
      pieces: async function* (clock: VirtualClock) {
        yield new Uint8Array(bytes - 1);
        if (isWanted) void budget.take(NEVER);
        await clock.sleep(tookMs);
        yield new Uint8Array(1);
      },
    });
    return await clock.run(fetched).then((file) => file.ok ? "ok" : file.why, ({ code }) => code);
  };
  const slow = { tookMs: 10_001, bytes: 65 * KIB };
  assert.equal(await outcome(slow), "CONNECTION_LOST");
  assert.equal(await outcome({ ...slow, isWanted: false }), "mismatch");
  assert.equal(await outcome({ ...slow, tookMs: 10_000 }), "mismatch");
  assert.equal(await outcome({ tookMs: 20_000, bytes: 20 * pace }), "mismatch");
  assert.equal(await outcome({ tookMs: 20_000, bytes: 20 * pace - 1 }), "CONNECTION_LOST");
});

test("forEachConcurrent works on so many at once, in order, and ends with the first failure", async () => {
  let [running, most, isReturned] = [0, 0, false];
  const begun: number[] = [];
  const items = async function* () {
    try {
      for (let i = 0; i < 10; i++) {
        yield i;
        await Promise.resolve();
      }
    } finally {
      isReturned = true;
    }
  };
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    most = Math.max(most, ++running);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    running--;
    if (item === 5) throw new RangeError("five");
    if (item === 6) throw new RangeError("six");
  };
  await assert.rejects(forEachConcurrent(items(), 3, work), /five/);
  assert.deepEqual([running, most, isReturned], [0, 3, true]);
  assert.ok(begun.length < 10);
  assert.deepEqual(begun, Array.from({ length: begun.length }, (_, i) => i));
  begun.length = 0;
  await forEachConcurrent(items(), 3, (item) => Promise.resolve(void begun.push(item)));
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
