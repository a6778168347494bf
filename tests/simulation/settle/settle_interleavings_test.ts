import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import type { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  type Actor,
  type Moment,
  tryAllInterleavings,
  trySomeInterleavings,
} from "./interleavings.ts";
import {
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  knownBy,
  readAll,
  redactionFile,
  settleAll,
  type SmallSighting,
  text,
  textsOf,
  truthOf,
  workersOn,
} from "./settle_world.ts";

// All ways take minutes; a sample of them seconds.
const IS_LONG = process.env["SETTLE_LONG"] !== undefined;

async function tryInterleavings(
  files: ReadonlyMap<ArchiveKey, Uint8Array>,
  actors: readonly Actor[],
  look: (moment: Moment) => Promise<void>,
): Promise<void> {
  if (IS_LONG || files.size < 3) await tryAllInterleavings(files, actors, look);
  else await trySome(files, actors, look);
}

function trySome(...args: Parameters<typeof tryAllInterleavings>): Promise<void> {
  return trySomeInterleavings(...args, { walks: 40, seed: "interleavings" });
}

/** All at once: what happens if a program settles without the lock. */
function noLock(): ArchiveLock {
  return { hold: (_name, work) => work() };
}

/** Settles what changed. */
function settlerOf(keys: Iterable<ArchiveKey>, { isLawless }: { isLawless: boolean }): Actor {
  const noted = [...keys];
  return async (store, shared) => {
    const lock = isLawless ? noLock() : shared;
    const settler = new Settler({
      store,
      hasher,
      reporter: noopReporter,
      clock: virtualClock(),
      lock,
    });
    for (const key of noted) settler.onFileStored(key);
    await settler.settleNoted();
    return `${settler.pending}`;
  };
}

/** Settles all of the archive, several minutes at once. */
const wholeSettler: Actor = async (store) => {
  const { failed } = await settleArchive({ store, hasher, reporter: noopReporter, lock: noLock() });
  return `${failed}`;
};

/** The same, where workers look at the files. */
const settlerWithWorkers: Actor = async (store) => {
  const options = { store, hasher, reporter: noopReporter, lock: noLock() };
  const { failed } = await settleArchive({ ...options, workers: workersOn(store) });
  return `${failed}`;
};

const JOIN = { content: 0, lengthS: 30 };
const SAID = { content: 1, isExact: true, lengthS: 0, startS: 62 };

// Two nodes saw the same JOIN at the edge of two minutes, and the same message after it.
const ALPHA: SmallSighting[] = [
  { ...JOIN, receiver: 0, receivedS: 55, startS: 50 },
  { ...SAID, receiver: 0, receivedS: 62 },
];
const BETA: SmallSighting[] = [
  { ...JOIN, receiver: 1, receivedS: 65, startS: 61 },
  { ...SAID, receiver: 1, receivedS: 63 },
];

/** Checks what a moment leaves if all die in it: nothing is lost, and settling ends with the truth. */
async function assertSafe({ store, schedule }: Moment, truth: SightingSet): Promise<void> {
  assert.ok((await knownBy(store)).includes(truth), `lost after calls of ${schedule}`);
}

test("two settlers lose nothing at any moment, in whatever order their calls come, even without a lock", async () => {
  for (const only of [[ALPHA[1]!, BETA[1]!], [...ALPHA, ...BETA]]) {
    const [alpha, beta] = [0, 1].map((node) =>
      filesOf(only.filter((each) => each.receiver === node))
    );
    const files = new Map([...alpha!, ...beta!]);
    const truth = truthOf(only);
    // The later minute is what changed last; that settles the other one with it.
    const actor = settlerOf([[...files.keys()].sort().at(-1)!], { isLawless: true });
    for (const other of [actor, wholeSettler, settlerWithWorkers]) {
      let ends = 0;
      const tryThem = other !== actor && !IS_LONG ? trySome : tryInterleavings;
      await tryThem(files, [actor, other], async (moment) => {
        await assertSafe(moment, truth);
        if (moment.outcomes.includes(undefined)) return;
        ends++;
        await settleAll(moment.store);
        assert.deepEqual(await contentsOf(moment.store), textsOf(filesOfSet(truth)));
      });
      assert.ok(ends > 1, `${ends} ends`);
    }
  }
});

// What a settler decides can be wrong a moment later: a file that covers another becomes the one
// that has to go. Here an order to forget one of two messages does that.
const KEPT = { content: 1, isExact: true, receiver: 0, startS: 62, receivedS: 62, lengthS: 0 };
const FORGOTTEN = { content: 2, isExact: true, receiver: 0, startS: 63, receivedS: 63, lengthS: 0 };

for (const isLawless of [false, true]) {
  const when = isLawless ? "in the end, even without a lock" : "at any moment";
  test(`two settlers lose nothing ${when}, when an order to forget comes between`, async () => {
    const both = filesOf([KEPT, FORGOTTEN]);
    const kept = filesOf([KEPT]);
    const order = await redactionFile("2");
    const files = new Map([...both, ...kept]);
    const settler = settlerOf(kept.keys(), { isLawless });
    const comes: Actor = async (store) => {
      await store.put(...order);
      return "";
    };
    const truth = truthOf([KEPT]);
    let losses = 0;
    let ends = 0;
    const tryThem = isLawless && !IS_LONG ? trySome : tryAllInterleavings;
    await tryThem(files, [settler, settler, comes], async (moment) => {
      const isEnd = !moment.outcomes.includes(undefined);
      if (!isLawless || isEnd) await assertSafe(moment, truth);
      else if (!(await knownBy(moment.store)).includes(truth)) losses++;
      if (!isEnd) return;
      ends++;
      await settleAll(moment.store);
      const expected = textsOf(new Map([...kept, order]));
      assert.deepEqual(await contentsOf(moment.store), expected);
    });
    assert.ok(ends > 1, `${ends} ends`);
    // Without this the lock would be for nothing.
    if (isLawless && IS_LONG) {
      assert.ok(losses > 0, "the world is too kind to show what the lock is for");
    }
  });
}

test("readMinutes gives the same at every moment of settling, wherever the settler is or dies", async () => {
  const files = new Map([...filesOf(ALPHA), ...filesOf(BETA)]);
  const truth = truthOf([...ALPHA, ...BETA]);
  const expected = JSON.stringify(
    [...truth.encodeMinutes()].map(([at, bytes]) => [at, text(bytes)]),
  );
  const reader: Actor = async (store) => JSON.stringify([...await readAll(store)]);
  const settler = settlerOf([[...files.keys()].sort().at(-1)!], { isLawless: false });
  let ends = 0;
  await tryInterleavings(files, [settler, reader], ({ outcomes, schedule }) => {
    if (outcomes[1] === undefined) return Promise.resolve();
    ends++;
    assert.equal(outcomes[1], expected, `after calls of ${schedule}`);
    return Promise.resolve();
  });
  assert.ok(ends > 1, `${ends} ends`);
});
