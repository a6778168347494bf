import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { groupSightings } from "../../src/core/grouping/group_sightings.ts";
import { compareSightings, overlapParts } from "../../src/core/grouping/overlap.ts";
import type { Sighting } from "../../src/core/grouping/sighting.ts";
import { playWorld, WORLDS } from "../bench/worlds/grouping_worlds.ts";
import "../laws/fixed_seed.ts";

function sighting(receiver: string, startUs: number, endUs: number, receivedS = 0): Sighting {
  return { receiver, receivedS, startUs, endUs };
}

/** Groups as text, `a0 b0` for receivers and received times, in a fixed order. */
function show(groups: readonly Sighting[][]): string[] {
  return groups.map((group) =>
    group.map(({ receiver, receivedS }) => `${receiver}${receivedS}`).sort().join(" ")
  ).sort();
}

const sightings = fc.uniqueArray(
  fc.record({
    receiver: fc.constantFrom("a", "b", "c"),
    receivedS: fc.nat(3),
    startUs: fc.nat(12),
    lengthUs: fc.nat(5),
  }).map(({ lengthUs, ...rest }) => ({ ...rest, endUs: rest.startUs + lengthUs })),
  { selector: ({ receiver, receivedS }) => `${receiver}${receivedS}`, maxLength: 10 },
);

test("groupSightings puts one sighting of each receiver together where ranges allow", () => {
  assert.deepEqual(
    show(groupSightings([sighting("a", 0, 3), sighting("b", 3, 7), sighting("c", 2, 4)])),
    ["a0 b0 c0"],
  );
  assert.deepEqual(show(groupSightings([sighting("a", 0, 2), sighting("b", 3, 7)])), ["a0", "b0"]);
  assert.deepEqual(groupSightings([]), []);
});

test("groupSightings takes the nearest where it has a choice", () => {
  const few = [sighting("a", 0, 100, 1), sighting("a", 40, 140, 2), sighting("b", 38, 138)];
  assert.deepEqual(show(groupSightings(few)), ["a1", "a2 b0"]);
  const chain = [sighting("a", 0, 2), sighting("b", 0, 3), sighting("c", 3, 7)];
  assert.deepEqual(show(groupSightings(chain)), ["a0 b0", "c0"]);
});

test("groupSightings keeps the order in which each receiver heard equal messages", () => {
  const crossed = [
    sighting("a", 0, 100, 1),
    sighting("a", 1, 101, 2),
    sighting("b", 1, 101, 1),
    sighting("b", 0, 100, 2),
  ];
  assert.deepEqual(show(groupSightings(crossed)), ["a1 b1", "a2 b2"]);
});

test("groupSightings believes ranges more than a clock that was set back", () => {
  const setBack = [
    sighting("a", 0, 10, 500),
    sighting("a", 8, 20, 400),
    sighting("a", 15, 30, 401),
    sighting("b", 0, 10, 7),
    sighting("b", 8, 20, 8),
    sighting("b", 15, 30, 9),
  ];
  assert.deepEqual(show(groupSightings(setBack)), ["a400 b8", "a401 b9", "a500 b7"]);
});

test("groupSightings loses nothing, and every event is possible", () => {
  fc.assert(
    fc.property(sightings, (all) => {
      const groups = groupSightings(all);
      assert.deepEqual(groups.flat().sort(compareSightings), [...all].sort(compareSightings));
      for (const group of groups) {
        assert.equal(new Set(group.map(({ receiver }) => receiver)).size, group.length);
        const startUs = Math.max(...group.map((each) => each.startUs));
        assert.ok(group.every((each) => each.endUs >= startUs), show([group]).join());
      }
    }),
    { numRuns: 2_000 },
  );
});

test("groupSightings does not depend on order", () => {
  const shuffled = sightings.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))
  );
  fc.assert(
    fc.property(shuffled, ([all, other]) => {
      assert.deepEqual(show(groupSightings(all)), show(groupSightings(other)));
    }),
    { numRuns: 2_000 },
  );
});

test("groupSightings decides each overlapping part for itself", () => {
  fc.assert(
    fc.property(sightings, (all) => {
      const parts = overlapParts(all);
      assert.deepEqual(show(groupSightings(all)), show(parts.flatMap(groupSightings)));
      // Another part far away, which has the same receivers, changes nothing.
      const far = all.map((each) => ({
        ...each,
        receivedS: each.receivedS + 10,
        startUs: each.startUs + 100,
        endUs: each.endUs + 100,
      }));
      assert.deepEqual(
        show(groupSightings([...all, ...far])),
        show([...groupSightings(all), ...groupSightings(far)]),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("groupSightings makes as few events as any order of instants allows", () => {
  fc.assert(
    fc.property(sightings, (all) => {
      const lanes = ["a", "b", "c"].map((receiver) =>
        all.filter((each) => each.receiver === receiver).sort((x, y) => x.receivedS - y.receivedS)
      );
      const fewest = fewestEvents(lanes, -Infinity);
      if (fewest === Infinity) return; // A clock was set back: see above.
      assert.ok(groupSightings(all).length <= fewest, `${groupSightings(all).length} > ${fewest}`);
    }),
    { numRuns: 2_000 },
  );
});

/** Tries everything: each next event takes the first sighting of some lanes, at a later instant. */
function fewestEvents(lanes: readonly Sighting[][], nowUs: number): number {
  if (lanes.every((lane) => lane.length === 0)) return 0;
  let fewest = Infinity;
  for (let mask = 1; mask < 1 << lanes.length; mask++) {
    const taken = lanes.filter((_, i) => (mask >> i & 1) === 1);
    if (taken.some((lane) => lane.length === 0)) continue;
    const atUs = Math.max(nowUs, ...taken.map((lane) => lane[0]!.startUs));
    if (taken.some((lane) => lane[0]!.endUs < atUs)) continue;
    const rest = lanes.map((lane, i) => (mask >> i & 1) === 1 ? lane.slice(1) : lane);
    fewest = Math.min(fewest, 1 + fewestEvents(rest, atUs));
  }
  return fewest;
}

test("groupSightings copes with crowds: many equal sightings, many receivers", () => {
  for (const receivers of [2, 40, 4_000]) {
    const all = Array.from(
      { length: 8_000 },
      (_, n) => sighting(`r${n % receivers}`, n % 7, 50 + n % 11, Math.floor(n / receivers)),
    );
    const groups = groupSightings(all);
    assert.equal(groups.flat().length, all.length);
    assert.equal(groups.length, 8_000 / receivers);
  }
});

const S = 1_000_000;

test("groupSightings parts long ranges that meet only at their ends, and keeps what 30 s explain", () => {
  // A JOIN's range is up to 55 s long: 45 s of delay, and 5 s of doubt at either end.
  const join = (receiver: string, atS: number) => sighting(receiver, (atS - 50) * S, (atS + 5) * S);
  assert.deepEqual(show(groupSightings([join("a", 100), join("b", 130)])), ["a0 b0"]);
  assert.deepEqual(show(groupSightings([join("a", 100), join("b", 147)])), ["a0", "b0"]);
  const short = [sighting("a", 0, 10 * S), sighting("b", 10 * S, 20 * S)];
  assert.deepEqual(show(groupSightings(short)), ["a0 b0"]);
});

test("groupSightings of receivers that take turns invents few events", () => {
  // A recorder that is restarted: where one receiver stops the next begins, and none hears an event
  // that another heard. Without inner ranges every tenth sighting was paired with a stranger.
  const world = { ...WORLDS[0]!, lossShare: 0 };
  const counts = { sightings: 0, invented: 0 };
  for (let seed = 0; seed < 5; seed++) {
    for (const heard of playWorld(world, seed)) {
      const inTurn = heard.filter(({ sighting: { receiver, startUs } }) =>
        receiver === (Math.floor(startUs / (90 * S)) % 2 === 0 ? "alpha.AbCdE.0" : "beta.xYz12.0")
      );
      const eventOf = new Map(inTurn.map(({ sighting, event }) => [sighting, event]));
      counts.sightings += inTurn.length;
      for (const group of groupSightings([...eventOf.keys()])) {
        if (new Set(group.map((one) => eventOf.get(one))).size > 1) counts.invented++;
      }
    }
  }
  const share = counts.invented / counts.sightings;
  assert.ok(share < 0.05, `${(share * 100).toFixed(2)} % of ${counts.sightings} sightings`);
});
