import type { Sighting } from "./sighting.ts";
import { innerRange } from "./inner_range.ts";
import type { Micros } from "../time.ts";

/** A sighting on its way into an event. */
interface Stop<Kind> {
  readonly sighting: Kind;
  /** The start of its inner range. */
  readonly startUs: Micros;
  readonly lane: Lane<Kind>;
  readonly position: number;
  /** The latest instant at which it can be taken so that those behind it in its lane still can. */
  readonly deadlineUs: Micros;
  hasStarted: boolean;
}

/** One receiver's sightings in order, of which those before `head` are taken. */
interface Lane<Kind> {
  readonly stops: Stop<Kind>[];
  head: number;
}

/**
 * Puts sightings into as few events as the order in every lane allows. A lane is what one receiver
 * heard, in order; instants in that order must exist in its inner ranges.
 *
 * An instant walks through time and stops only where some sighting would be missed otherwise; there
 * it takes the next sighting of every lane whose inner range has begun. Taking one early never forces an
 * event that taking it late would save, so no grouping that keeps the order of instants has fewer
 * events. The events come out in the order of their instants. Costs two sorts.
 */
export function draftEvents<Kind extends Sighting>(
  lanes: readonly (readonly Kind[])[],
): Kind[][] {
  const stops = lanes.flatMap((lane) => toStops(lane));
  const byStart = [...stops].sort((a, b) => a.startUs - b.startUs);
  const byDeadline = stops.sort((a, b) => a.deadlineUs - b.deadlineUs || a.position - b.position);
  const events: Kind[][] = [];
  let started = 0;
  let ready: Lane<Kind>[] = [];
  for (const due of byDeadline) {
    if (due.position < due.lane.head) continue;
    for (; started < byStart.length; started++) {
      const stop = byStart[started]!;
      if (stop.startUs > due.deadlineUs) break;
      stop.hasStarted = true;
      if (stop.position === stop.lane.head) ready.push(stop.lane);
    }
    events.push(ready.map((lane) => lane.stops[lane.head++]!.sighting));
    ready = ready.filter((lane) => lane.stops[lane.head]?.hasStarted);
  }
  return events;
}

function toStops<Kind extends Sighting>(sightings: readonly Kind[]): Stop<Kind>[] {
  const lane: Lane<Kind> = { stops: [], head: 0 };
  let deadlineUs = Infinity;
  for (let position = sightings.length - 1; position >= 0; position--) {
    const sighting = sightings[position]!;
    const { startUs, endUs } = innerRange(sighting);
    deadlineUs = Math.min(deadlineUs, endUs);
    lane.stops.push({ sighting, startUs, lane, position, deadlineUs, hasStarted: false });
  }
  lane.stops.reverse();
  return lane.stops;
}
