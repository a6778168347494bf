import type { Sighting } from "./sighting.ts";
import { innerRange } from "./inner_range.ts";
import type { Micros } from "../time.ts";

/** An event of the other receivers, while one receiver is aligned to them. */
interface Place<Kind = Sighting> {
  readonly members: readonly Kind[];
  /** The intersection of all inner ranges. */
  readonly startUs: Micros;
  readonly endUs: Micros;
  /** Between these a further start costs nothing: the middle one, or the two in the middle. */
  readonly middleStarts: readonly [Micros, Micros];
  readonly middleEnds: readonly [Micros, Micros];
}

// One event more costs more than all distances of a block: 64 sightings at 240 s.
const EVENT_COST = 2 ** 40;

/**
 * Takes one receiver's sightings out of `events` and puts them back at the least cost that keeps
 * all in order: fewest events first, then the least distance of starts and ends from those of the
 * others in the event. Returns the new events, or `undefined` if that is no gain.
 */
export function alignReceiver<Kind extends Sighting>(
  events: readonly Kind[][],
  receiver: string,
): Kind[][] | undefined {
  const own: Kind[] = [];
  const places: Place<Kind>[] = [];
  let costNow = 0;
  for (const event of events) {
    const mine = event.find((sighting) => sighting.receiver === receiver);
    if (mine !== undefined) own.push(mine);
    const others = event.filter((sighting) => sighting !== mine);
    const place = others.length > 0 ? toPlace(others) : undefined;
    if (place !== undefined) places.push(place);
    if (mine !== undefined) costNow += place === undefined ? EVENT_COST : distance(mine, place);
  }
  const costs = costTable(own, places);
  if (costs[costs.length - 1]! >= costNow) return undefined;
  return trace(own, places, costs);
}

/** `costs[i * (places + 1) + j]` is the least cost of the first i sightings beside the first j places. */
function costTable(own: readonly Sighting[], places: readonly Place[]): Float64Array {
  const width = places.length + 1;
  const costs = new Float64Array((own.length + 1) * width);
  for (let i = 1; i <= own.length; i++) {
    const sighting = own[i - 1]!;
    costs[i * width] = i * EVENT_COST;
    for (let j = 1; j <= places.length; j++) {
      const at = i * width + j;
      const alone = costs[at - width]! + EVENT_COST;
      const joined = costs[at - width - 1]! + distance(sighting, places[j - 1]!);
      costs[at] = Math.min(costs[at - 1]!, alone, joined);
    }
  }
  return costs;
}

/** Walks the table back from its end and collects the events on the way. */
function trace<Kind extends Sighting>(
  own: readonly Kind[],
  places: readonly Place<Kind>[],
  costs: Float64Array,
): Kind[][] {
  const width = places.length + 1;
  const events: Kind[][] = [];
  let i = own.length;
  let j = places.length;
  while (i > 0 || j > 0) {
    const cost = costs[i * width + j]!;
    const sighting = own[i - 1];
    const place = places[j - 1];
    if (
      sighting !== undefined && place !== undefined &&
      cost === costs[(i - 1) * width + j - 1]! + distance(sighting, place)
    ) {
      events.push([...place.members, sighting]);
      i--;
      j--;
      continue;
    }
    const canSkip = place !== undefined && cost === costs[i * width + j - 1]!;
    const canStand = sighting !== undefined &&
      cost === costs[(i - 1) * width + j]! + EVENT_COST;
    // Where both have the same cost, the later of the two comes last.
    if (canStand && (!canSkip || middle(sighting) >= middle(place!))) {
      events.push([sighting]);
      i--;
    } else {
      events.push([...place!.members]);
      j--;
    }
  }
  return events.reverse();
}

function middle(range: { readonly startUs: Micros; readonly endUs: Micros }): number {
  return range.startUs + range.endUs;
}

/** How much worse an event gets by a sighting: infinitely, if their inner ranges share no instant. */
function distance(sighting: Sighting, place: Place): number {
  const inner = innerRange(sighting);
  if (inner.startUs > place.endUs || inner.endUs < place.startUs) return Infinity;
  return outside(sighting.startUs, place.middleStarts) + outside(sighting.endUs, place.middleEnds);
}

function outside(valueUs: Micros, [lowUs, highUs]: readonly [Micros, Micros]): number {
  return Math.max(0, lowUs - valueUs, valueUs - highUs);
}

function toPlace<Kind extends Sighting>(members: readonly Kind[]): Place<Kind> {
  const starts = members.map((member) => member.startUs).sort(ascending);
  const ends = members.map((member) => member.endUs).sort(ascending);
  const inner = members.map(innerRange);
  return {
    members,
    startUs: Math.max(...inner.map((each) => each.startUs)),
    endUs: Math.min(...inner.map((each) => each.endUs)),
    middleStarts: middleOf(starts),
    middleEnds: middleOf(ends),
  };
}

function ascending(left: number, right: number): number {
  return left - right;
}

function middleOf(sorted: readonly Micros[]): readonly [Micros, Micros] {
  const upper = sorted.length >> 1;
  return [sorted[sorted.length - 1 - upper]!, sorted[upper]!];
}
