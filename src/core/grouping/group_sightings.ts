import { draftEvents } from "./draft_events.ts";
import { innerRange } from "./inner_range.ts";
import { overlapParts } from "./overlap.ts";
import { refineEvents } from "./refine_events.ts";
import { compareReceived, type Sighting } from "./sighting.ts";

/**
 * Groups the sightings of one ranged content into events. A pure function of the set: their order
 * does not matter. An event has every receiver at most once, and all its inner ranges share an
 * instant.
 *
 * Receivers hear equal messages in the same order, so every receiver's sightings are aligned in
 * order: first into as few events as that allows, then by moving sightings to nearer events. The
 * work is bounded by a constant a sighting, besides sorting. MERGE.md has the reasons.
 */
export function groupSightings<Kind extends Sighting>(sightings: readonly Kind[]): Kind[][] {
  if (sightings.length === 1) return [[sightings[0]!]];
  if (sightings.length === 2) return groupPair(sightings[0]!, sightings[1]!);
  return overlapParts(sightings).flatMap((part) => {
    if (part.length === 1) return [part];
    return part.length === 2 ? groupPair(part[0]!, part[1]!) : groupPart(part);
  });
}

/** What {@link groupPart} makes of two sightings, which nearly all contents have at most. */
function groupPair<Kind extends Sighting>(left: Kind, right: Kind): Kind[][] {
  if (left.receiver === right.receiver) return [[left], [right]];
  const one = innerRange(left);
  const other = innerRange(right);
  const areOne = one.startUs <= other.endUs && other.startUs <= one.endUs;
  return areOne ? [[left, right]] : [[left], [right]];
}

/** Groups the sightings of one part, as `overlapParts` gives it, however many they are. */
export function groupPart<Kind extends Sighting>(part: readonly Kind[]): Kind[][] {
  const draft = draftEvents(toLanes(part));
  return draft.length === 1 ? draft : refineEvents(draft);
}

/** The sightings of each receiver in the order in which it heard them. */
function toLanes<Kind extends Sighting>(part: readonly Kind[]): Kind[][] {
  const lanes = new Map<string, Kind[]>();
  for (const sighting of part) {
    const lane = lanes.get(sighting.receiver);
    if (lane === undefined) lanes.set(sighting.receiver, [sighting]);
    else lane.push(sighting);
  }
  for (const lane of lanes.values()) {
    lane.sort(byReceived);
    // A clock that was set back would reverse the order. Ranges do not follow that clock, so
    // where they contradict it, they decide.
    if (!isPossibleOrder(lane)) lane.sort(byMiddle);
  }
  return [...lanes.values()];
}

function byReceived(left: Sighting, right: Sighting): number {
  return compareReceived(left.receivedS, right.receivedS);
}

function byMiddle(left: Sighting, right: Sighting): number {
  return left.startUs + left.endUs - right.startUs - right.endUs || byReceived(left, right);
}

/** Whether the inner ranges hold instants in this order. */
function isPossibleOrder(lane: readonly Sighting[]): boolean {
  let latestStartUs = -Infinity;
  return lane.every((sighting) => {
    const { startUs, endUs } = innerRange(sighting);
    latestStartUs = Math.max(latestStartUs, startUs);
    return latestStartUs <= endUs;
  });
}
