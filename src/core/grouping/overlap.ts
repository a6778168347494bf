import { compareReceived, compareText, type Sighting } from "./sighting.ts";

/**
 * Splits sightings of one content at instants that no range covers: two sightings are in the same part if
 * their ranges share an instant, or if a chain of others links them. Parts never influence each
 * other, so grouping sees one part at a time, and settling loads no more.
 *
 * Each part is in the order of {@link compareSightings}, and the parts are in the order of time.
 */
export function overlapParts<Kind extends Sighting>(sightings: readonly Kind[]): Kind[][] {
  const parts: Kind[][] = [];
  let part: Kind[] = [];
  let reachUs = -Infinity;
  for (const sighting of [...sightings].sort(compareSightings)) {
    if (sighting.startUs > reachUs) {
      part = [];
      parts.push(part);
    }
    part.push(sighting);
    reachUs = Math.max(reachUs, sighting.endUs);
  }
  return parts;
}

/** Orders the sightings of one content by start, end, receiver and received time: never equal. */
export function compareSightings(left: Sighting, right: Sighting): number {
  return left.startUs - right.startUs || left.endUs - right.endUs ||
    compareText(left.receiver, right.receiver) || compareReceived(left.receivedS, right.receivedS);
}
