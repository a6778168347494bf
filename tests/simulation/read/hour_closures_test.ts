import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { ChannelFiles } from "../../../src/engine/read/files/channel_files.ts";
import { HourClosures, type ReadSpan } from "../../../src/engine/read/hour_closures.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  randomSightings,
  type SmallSighting,
  storeWith,
  text,
  truthOf,
  WORLD_US,
} from "../settle/settle_world.ts";

function closuresOf(store: BatchStore, hourUs: Micros): HourClosures {
  const files = new ChannelFiles(CHANNEL, { store, hasher, reporter: noopReporter });
  return new HourClosures(hourUs, { store: files.store, files, abort: {} });
}

/** All spans of an hour, of at most `countMax` minutes each. */
async function spansOf(store: BatchStore, hourUs: Micros, countMax: number): Promise<ReadSpan[]> {
  const closures = closuresOf(store, hourUs);
  const spans: ReadSpan[] = [];
  for (let fromUs = hourUs;;) {
    const span = await closures.next(fromUs, { countMax });
    if (span === undefined) return spans;
    spans.push(span);
    fromUs = span.lastUs + MINUTE_US;
  }
}

test("minutes that are read together are as if each was read alone, also at the edge of an hour", async () => {
  for (const seed of [1, 2, 3]) {
    const sightings = randomSightings(seededRandom(seed), 60);
    // One file a sighting: nothing is settled.
    const store = await storeWith(sightings.flatMap((each) => [...filesOf([each])]));
    const truth = [...truthOf(sightings).encodeMinutes()].map(([at, bytes]) => [at, text(bytes)]);
    for (const countMax of [1, 2, 3, 8]) {
      const read: [Micros, string][] = [];
      for (const hourUs of [hourOf(WORLD_US), hourOf(WORLD_US) + HOUR_US]) {
        for (const { minuteUs, lastUs, closure } of await spansOf(store, hourUs, countMax)) {
          assert.ok(lastUs >= minuteUs && lastUs < minuteUs + countMax * MINUTE_US);
          assert.ok(minuteUs >= hourUs && lastUs < hourUs + HOUR_US, "it leaves its hour");
          for (const [at, bytes] of closure.normal) read.push([at, text(bytes)]);
        }
      }
      assert.deepEqual(read, truth, `seed ${seed}, ${countMax} together`);
    }
  }
});

test("of a chain that is too long, each minute is read alone", async () => {
  const chain = Array.from({ length: 1_800 }, (_, i): SmallSighting => ({
    content: 0,
    receiver: 0,
    receivedS: i * 50 + 55,
    startS: i * 50,
    lengthS: 60,
  }));
  const closures = closuresOf(await storeWith(filesOf(chain)), hourOf(WORLD_US));
  const span = await closures.next(WORLD_US, { countMax: 3 });
  assert.equal(span?.closure.isComplete, false);
  assert.equal(span.lastUs, span.minuteUs);
});
