import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { groupPart, groupSightings } from "../../src/core/grouping/group_sightings.ts";
import { compareSightings, overlapParts } from "../../src/core/grouping/overlap.ts";
import type { Sighting } from "../../src/core/grouping/sighting.ts";
import { SECOND_US } from "../../src/core/time.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

// Starts and lengths about 0, about the 32 s from which ranges are cut, and at the most, 60 s.
const EDGES_S = [0, 14, 16, 28, 30, 31, 32, 33, 44, 46, 48, 60];
const near = (edges: readonly number[]) =>
  fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -3, max: 3 }))
    .map(([second, us]) => Math.min(60 * SECOND_US, Math.max(0, second * SECOND_US + us)));
const sighting = fc.record({
  receiver: fc.constantFrom("a", "b", "c"),
  receivedS: fc.constantFrom(-0, 0, 1, 1.5),
  startUs: near(EDGES_S),
  lengthUs: near(EDGES_S),
}).map(({ lengthUs, ...rest }): Sighting => ({ ...rest, endUs: rest.startUs + lengthUs }));
const several = fc.uniqueArray(sighting, {
  selector: ({ receiver, receivedS }) =>
    `${receiver} ${Object.is(receivedS, -0) ? "-0" : receivedS}`,
  minLength: 1,
  maxLength: 4,
});

/** Events as sets: in the order of their first sightings, each in order. */
function ordered(events: readonly (readonly Sighting[])[]): Sighting[][] {
  return events.map((event) => [...event].sort(compareSightings))
    .sort(([left], [right]) => compareSightings(left!, right!));
}

test("the short cut of groupSightings for one or two sightings gives what the general way gives", () => {
  let together = 0;
  let apart = 0;
  fc.assert(
    fc.property(several, (sightings) => {
      const events = groupSightings(sightings);
      assert.deepEqual(ordered(events), ordered(overlapParts(sightings).flatMap(groupPart)));
      if (sightings.length !== 2) return;
      if (events.length === 1) together++;
      else if (overlapParts(sightings).length === 1) apart++;
    }),
    { numRuns: 20_000, seed: LAWS_SEED },
  );
  assert.ok(together > 500 && apart > 500, `${together} pairs were events, ${apart} were not`);
});
