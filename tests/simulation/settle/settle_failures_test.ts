import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { redact } from "../../../src/engine/redact/redact.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { failNth, type Fault } from "../../../src/testing/faults/faults.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  knownBy,
  listening,
  randomSightings,
  settleAll,
  type SmallSighting,
  storeWith,
  textsOf,
  truthOf,
  workersOn,
} from "./settle_world.ts";

const FAULTS: readonly Fault[] = [
  ...["full", "io", "unreadable", "lost-answer", "crash-before", "crash-after"] as const,
];

/** Three nodes that know different parts of the same. */
function threeNodes(seed: string): { all: SmallSighting[]; files: Map<ArchiveKey, Uint8Array> } {
  const random = seededRandom(seed);
  const sightings = randomSightings(random, 12);
  const nodes = [0, 1, 2].map(() => sightings.filter(() => random.next() < 0.6));
  return { all: nodes.flat(), files: new Map(nodes.flatMap((node) => [...filesOf(node)])) };
}

/** Runs `work` with each of its store calls failing in each way, and looks at what that leaves. */
async function failEverywhere(
  files: ReadonlyMap<ArchiveKey, Uint8Array>,
  work: (store: BatchStore) => Promise<unknown>,
  look: (store: BatchStore, when: string) => Promise<void>,
): Promise<number> {
  let failures = 0;
  for (const fault of FAULTS) {
    for (let n = 1, isThrough = false; !isThrough; n++) {
      const store = await storeWith(files);
      const faulty = faultyStore(store, { plan: failNth(n, fault) });
      await work(faulty).catch(() => {}); // What it throws is what was planted.
      isThrough = faulty.callCount < n;
      if (!isThrough) failures++;
      await look(store, `${fault} in call ${n}`);
    }
  }
  return failures;
}

test("settleArchive loses nothing if any one call fails or is the last, and goes on from there", async () => {
  for (const [seed, hasWorkers] of [[0, false], [1, false], [2, true], [3, true]] as const) {
    const { all, files } = threeNodes(`failing calls ${seed}`);
    const truth = truthOf(all);
    const expected = textsOf(filesOfSet(truth));
    const work = (store: BatchStore) => {
      const workers = hasWorkers ? workersOn(store) : undefined;
      return settleArchive({ store, hasher, reporter: noopReporter, workers });
    };
    const failures = await failEverywhere(files, work, async (store, when) => {
      assert.ok((await knownBy(store)).includes(truth), `lost: ${when}, seed ${seed}`);
      await settleAll(store);
      assert.deepEqual(await contentsOf(store), expected, `${when}, seed ${seed}`);
    });
    assert.ok(failures > 50, `${failures} failures`);
  }
});

test("Settler tries again what failed, and says so once", async () => {
  const { all, files } = threeNodes("a failing disk");
  const inner = await storeWith(files);
  const random = seededRandom("a failing disk");
  let isFailing = true;
  const plan = () => isFailing && intBelow(random, 4) === 0 ? "io" as const : undefined;
  const clock = virtualClock();
  const reporter = listening();
  const store = faultyStore(inner, { plan });
  const settler = new Settler({ store, hasher, reporter, clock });
  for (const key of files.keys()) settler.onFileStored(key);
  const aborter = new AbortController();
  const running = settler.run(aborter.signal);
  await clock.advance(20_000);
  assert.ok(settler.pending > 0);
  isFailing = false;
  await clock.advance(120_000);
  assert.equal(settler.pending, 0);
  aborter.abort();
  await running;
  assert.deepEqual(await contentsOf(inner), textsOf(filesOfSet(truthOf(all))));
  const [first, last] = [reporter.told[0]?.[1], reporter.told.at(-1)?.[1]];
  assert.equal(first, "Cannot settle the archive for now: nothing is lost");
  assert.equal(last, "The archive can be settled again");
});

test("Settler waits until a minute is quiet, but not for ever", async () => {
  const { files } = threeNodes("quiet");
  const [[key]] = files as unknown as [[ArchiveKey]];
  const inner = await storeWith(files);
  const clock = virtualClock();
  const store = faultyStore(inner);
  const settler = new Settler({
    store,
    hasher,
    reporter: noopReporter,
    clock,
    quietMs: 3_000,
    patienceMs: 10_000,
  });
  const aborter = new AbortController();
  const running = settler.run(aborter.signal);
  for (let second = 0; second < 9; second++) {
    settler.onFileStored(key);
    await clock.advance(1_000);
    assert.equal(store.callCount, 0, `after ${second} s`);
  }
  settler.onFileStored(key);
  await clock.advance(1_000);
  assert.ok(store.callCount > 0);
  const callCount = store.callCount;
  await clock.advance(60_000);
  assert.equal(store.callCount, callCount, "no call noted anything");
  settler.onFileStored(key);
  await clock.advance(2_900);
  assert.equal(store.callCount, callCount);
  await clock.advance(200);
  assert.ok(store.callCount > callCount);
  aborter.abort();
  await running;
});

test("redact, broken off in any call and done again, forgets what it should and nothing else", async () => {
  const { all, files } = threeNodes("forgetting");
  const [victim] = all.filter(({ isExact }) => isExact);
  assert.ok(victim);
  const others = truthOf(all.filter((each) => !(each.isExact && each.content === victim.content)));
  const clock = virtualClock();
  const target = { kind: "message", id: String(victim.content) } as const;
  const order = { target, reason: "test" };
  const work = (store: BatchStore) =>
    redact("c", order, { store, hasher, reporter: noopReporter, clock });
  const failures = await failEverywhere(files, work, async (store, when) => {
    assert.ok((await knownBy(store)).includes(others), `lost: ${when}`);
    await work(store);
    await settleAll(store);
    const found = await contentsOf(store);
    const [redaction] = [...found.keys()].filter((key) => key.includes("/redactions/"));
    assert.ok(redaction !== undefined, when);
    found.delete(redaction);
    assert.deepEqual(found, textsOf(filesOfSet(others)), when);
  });
  assert.ok(failures > 50, `${failures} failures`);
});
