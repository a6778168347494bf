import process from "node:process";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, seededRandom, shuffled } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  randomSightings,
  readAll,
  settleAll,
  storeWith,
  text,
  textsOf,
  truthOf,
} from "./settle_world.ts";

const SEEDS = Number(process.env["SETTLE_SEEDS"] ?? 150);

test("settleArchive brings any files to the normal form of all they know, and reading gives it before", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`settle all ${seed}`);
    const sightings = randomSightings(random, 2 + intBelow(random, 14));
    const nodes = [0, 1, 2].map(() => sightings.filter(() => random.next() < 0.6));
    const all = nodes.flat();
    const store = await storeWith(nodes.flatMap((node) => [...filesOf(node)]));
    const truth = truthOf(all);
    const read = [...truth.encodeMinutes()].map(([at, bytes]) => [at, text(bytes)] as const);
    assert.deepEqual(await readAll(store), new Map(read), `read unsettled, seed ${seed}`);
    await settleAll(store);
    assert.deepEqual(await contentsOf(store), textsOf(filesOfSet(truth)), `seed ${seed}`);
    assert.deepEqual(await readAll(store), new Map(read), `read settled, seed ${seed}`);
  }
});

test("Settler ends with the same, in whatever order files come and whenever it looks", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`settle as it goes ${seed}`);
    const sightings = randomSightings(random, 2 + intBelow(random, 14));
    const nodes = [0, 1, 2].map(() => sightings.filter(() => random.next() < 0.6));
    const store = await storeWith([]);
    const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
    for (const [key, bytes] of shuffled(random, nodes.flatMap((node) => [...filesOf(node)]))) {
      await store.put(key, bytes);
      settler.onFileStored(key);
      if (random.next() < 0.3) await settler.settleNoted();
    }
    await settler.settleNoted();
    assert.equal(settler.pending, 0);
    const truth = textsOf(filesOfSet(truthOf(nodes.flat())));
    assert.deepEqual(await contentsOf(store), truth, `seed ${seed}`);
  }
});
