// How often is an event what truly happened?
//
// In simulated worlds the truth is known: which sightings are of one event. A pair of sightings is
// wrong if truth or result puts it together, but not both. The figure is the number of wrong pairs
// over the number of pairs that truth puts together.
//
// Nothing but what files hold is used: ranges, and the order of each receiver's received times. The
// worlds are tuned so that the reference gets what was measured of it.
import { groupSightings } from "../../src/core/grouping/group_sightings.ts";
import type { Sighting } from "../../src/core/grouping/sighting.ts";
import { tellRow } from "./bench_row.ts";
import { playWorld, type TrueSighting, WORLDS } from "./worlds/grouping_worlds.ts";
import { groupLikeReference } from "./worlds/grouping_worlds_reference.ts";

const SEEDS = [1, 2, 3, 4, 5];

/** Pairs of sightings, counted. */
interface Pairs {
  /** Truth puts them together. */
  real: number;
  /** The result does, truth does not. */
  invented: number;
  /** Truth does, the result does not. */
  missed: number;
}

function countPairs(heard: readonly TrueSighting[], groups: readonly Sighting[][]): Pairs {
  const truth = new Map(heard.map(({ sighting, event }) => [sighting, event]));
  const sizes = new Map<number, number>();
  const pairs = { real: 0, invented: 0, missed: 0 };
  for (const { event } of heard) {
    const others = sizes.get(event) ?? 0;
    pairs.real += others;
    sizes.set(event, others + 1);
  }
  let right = 0;
  for (const group of groups) {
    for (const [i, one] of group.entries()) {
      for (const other of group.slice(0, i)) {
        if (truth.get(one) === truth.get(other)) right++;
        else pairs.invented++;
      }
    }
  }
  pairs.missed = pairs.real - right;
  return pairs;
}

function byReceiver(sightings: readonly Sighting[]): Sighting[][] {
  const files = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    files.set(sighting.receiver, [...files.get(sighting.receiver) ?? [], sighting]);
  }
  return [...files.values()];
}

function wrongPercent({ real, invented, missed }: Pairs): number {
  return (invented + missed) / real * 100;
}

console.log("wrong pairs, in percent of the true ones (invented + missed)");
for (const world of WORLDS) {
  const sums = { reference: [0, 0, 0], ours: [0, 0, 0] };
  for (const heard of SEEDS.flatMap((seed) => playWorld(world, seed))) {
    const sightings = heard.map(({ sighting }) => sighting);
    const results = {
      reference: groupLikeReference(byReceiver(sightings)),
      ours: groupSightings(sightings),
    };
    for (const name of ["reference", "ours"] as const) {
      const { real, invented, missed } = countPairs(heard, results[name]);
      sums[name] = [real, invented, missed].map((count, i) => count + sums[name][i]!);
    }
  }
  const [reference, ours] = [sums.reference, sums.ours].map(([real, invented, missed]) => ({
    real: real!,
    invented: invented!,
    missed: missed!,
  }));
  const show = (pairs: Pairs) =>
    `${wrongPercent(pairs).toFixed(1).padStart(5)} (${
      [pairs.invented, pairs.missed].map((count) => (count / pairs.real * 100).toFixed(1))
        .join(" + ")
    })`;
  tellRow({
    name: world.name,
    figure: wrongPercent(ours!),
    unit: `% wrong pairs; reference ${wrongPercent(reference!).toFixed(1)}`,
    // No world may be worse than the reference makes it.
    atMost: Math.min(world.wrongMaxPercent, wrongPercent(reference!)),
    detail: `${show(ours!)}; reference ${show(reference!)}, as measured ${
      world.referencePercent.toFixed(1)
    }`,
  });
}
