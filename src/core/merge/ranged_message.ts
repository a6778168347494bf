import { isWider } from "../grouping/sighting.ts";
import type { LineMarks } from "../scan/line_marks.ts";
import type { ScannedSighting } from "../scan/scanned_sighting.ts";

// More sightings than this are found faster by a map.
const LOOK_MAX = 8;

/** A ranged content and all its sightings. */
export class RangedMessage {
  /** A line that has this content. */
  readonly line: LineMarks;
  /** A hash of the content. */
  readonly hash: number;
  /** Another message whose content has this hash. */
  sameHash: RangedMessage | undefined;
  /** Few: an array of just this length, which is never changed. */
  #sightings: readonly ScannedSighting[];
  /** Of many sightings: receiver → received time → place. */
  #places: Map<string, Map<number | string, number>> | undefined;

  /** The content of `line` with these sightings, each receiver once. */
  constructor(line: LineMarks, hash: number, sightings: readonly ScannedSighting[]) {
    this.line = line;
    this.hash = hash;
    this.sameHash = undefined;
    this.#sightings = sightings;
    if (sightings.length > LOOK_MAX) this.#index();
  }

  /** All sightings, each receiver and received time once, in no order. */
  get sightings(): readonly ScannedSighting[] {
    return this.#sightings;
  }

  /** Joins one sighting: of two that differ only in their range, the wider stays. */
  join(sighting: ScannedSighting): void {
    const place = this.#placeOf(sighting);
    if (place === undefined) this.#push(sighting);
    else if (isWider(sighting, this.#sightings[place]!)) {
      if (this.#places === undefined) this.#sightings = this.#sightings.with(place, sighting);
      else (this.#sightings as ScannedSighting[])[place] = sighting;
    }
  }

  /** Whether joining `sighting` would change nothing. */
  includes(sighting: ScannedSighting): boolean {
    const place = this.#placeOf(sighting);
    return place !== undefined && !isWider(sighting, this.#sightings[place]!);
  }

  #placeOf({ receiver, receivedS }: ScannedSighting): number | undefined {
    if (this.#places !== undefined) return this.#places.get(receiver)?.get(toKey(receivedS));
    for (let i = 0; i < this.#sightings.length; i++) {
      const known = this.#sightings[i]!;
      if (Object.is(known.receivedS, receivedS) && known.receiver === receiver) return i;
    }
    return undefined;
  }

  #push(sighting: ScannedSighting): void {
    if (this.#places !== undefined) {
      const place = (this.#sightings as ScannedSighting[]).push(sighting) - 1;
      this.#setPlace(this.#places, place);
      return;
    }
    this.#sightings = [...this.#sightings, sighting];
    if (this.#sightings.length > LOOK_MAX) this.#index();
  }

  /** Makes the map, and the array its own. */
  #index(): void {
    this.#sightings = [...this.#sightings];
    this.#places = new Map();
    for (let i = 0; i < this.#sightings.length; i++) this.#setPlace(this.#places, i);
  }

  #setPlace(places: Map<string, Map<number | string, number>>, place: number): void {
    const { receiver, receivedS } = this.#sightings[place]!;
    let times = places.get(receiver);
    if (times === undefined) {
      times = new Map();
      places.set(receiver, times);
    }
    times.set(toKey(receivedS), place);
  }
}

/** A double as a key of a Map, which does not tell `-0` from `0`. */
function toKey(receivedS: number): number | string {
  return Object.is(receivedS, -0) ? "-0" : receivedS;
}
