import { groupSightings } from "../../src/core/grouping.ts";
import type { Sighting } from "../../src/core/sighting.ts";
import { playWorld, type TrueSighting, type World } from "./grouping_worlds.ts";
import { groupLikeReference } from "./grouping_worlds_reference.ts";

function lanesOf(sightings: readonly Sighting[]): Sighting[][] {
  const m = new Map<string, Sighting[]>();
  for (const s of sightings) { const l = m.get(s.receiver) ?? []; l.push(s); m.set(s.receiver, l); }
  return [...m.values()];
}

export function wrongPairs(heard: readonly TrueSighting[], groups: Sighting[][]) {
  const truth = new Map(heard.map((h) => [h.sighting, h.event]));
  let both = 0, made = 0;
  for (const g of groups) for (let i = 0; i < g.length; i++) for (let j = 0; j < i; j++) { made++; if (truth.get(g[i]!) === truth.get(g[j]!)) both++; }
  let real = 0;
  const n = new Map<number, number>();
  for (const h of heard) { const k = n.get(h.event) ?? 0; real += k; n.set(h.event, k + 1); }
  return { wrong: made + real - 2 * both, real, made, falsep: made - both, missed: real - both };
}

const worlds: World[] = JSON.parse(Deno.args[0]!);
for (const w of worlds) {
  const sums = { ref: [0, 0, 0], our: [0, 0, 0] };
  let real = 0;
  for (let seed = 1; seed <= 3; seed++) for (const heard of playWorld(w, seed)) {
    const s = heard.map((h) => h.sighting);
    const a = wrongPairs(heard, groupLikeReference(lanesOf(s)));
    const b = wrongPairs(heard, groupSightings(s));
    real += a.real;
    sums.ref[0] += a.wrong; sums.ref[1] += a.falsep; sums.ref[2] += a.missed;
    sums.our[0] += b.wrong; sums.our[1] += b.falsep; sums.our[2] += b.missed;
  }
  const pct = (x: number[]) => x.map((v) => (v / real * 100).toFixed(2)).join(" ");
  console.log(w.name, "ref", pct(sums.ref), "our", pct(sums.our), real);
}
