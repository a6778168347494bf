import assert from "node:assert/strict";
import { test } from "node:test";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { chance, intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { filesOf, hasher, type SmallSighting, storeWith } from "./settle_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "once";
const SEEDS = Number(globalThis.process?.env["SIM_SEEDS"] ?? 8);
/** The first minute of an hour, and minutes of two spans that are settled one after the other. */
const [START_S, MINUTES] = [180, 20];

test("one pass settles an archive, also where the files of one span hold what the next one relies on", async () => {
  for (let n = 0; n < SEEDS; n++) {
    const random = seededRandom(`${SEED} ${n}`);
    const said: SmallSighting[] = Array.from({ length: 150 }, () => {
      const isExact = chance(random, 0.2);
      const startS = START_S + intBelow(random, MINUTES * 12) * 5;
      return {
        ...{ content: intBelow(random, 3), isExact, receiver: intBelow(random, 3), startS },
        receivedS: startS + pick(random, [0, 1, 2]),
        lengthS: pick(random, [0, 5, 10, 55, 60]),
      };
    });
    const nodes = [1, 2, 3].map(() => filesOf(said.filter(() => chance(random, 0.7))));
    const store = await storeWith(nodes.flatMap((files) => [...files]));
    const own = { store, hasher, reporter: noopReporter };
    const first = await settleArchive(own);
    assert.ok(first.deleted > MINUTES, `only ${first.deleted} deleted`);
    const { written, deleted } = await settleArchive(own);
    const replay = `replay with SIM_SEED="${SEED}" SIM_SEEDS=${n + 1}`;
    assert.deepEqual({ written, deleted }, { written: 0, deleted: 0 }, replay);
  }
});
