import type { BatchLine } from "../batch/batch.ts";
import { type Content, contentKey } from "../batch/content.ts";
import { formatLine } from "../batch/format_line.ts";
import { groupSightings } from "../grouping/group_sightings.ts";
import { isWider, type Sighting } from "../grouping/sighting.ts";

/** A ranged content and all its sightings. */
class RangedMessage {
  /** The content. */
  readonly content: Content;
  /** Receiver → received time → sighting. */
  readonly #heard = new Map<string, Map<number | string, Sighting>>();

  /** A content without sightings. */
  constructor(content: Content) {
    this.content = content;
  }

  /** All sightings, each receiver and received time once, in no order. */
  get sightings(): Sighting[] {
    return [...this.#heard.values()].flatMap((times) => [...times.values()]);
  }

  /** Joins one sighting: of two that differ only in their range, the wider stays. */
  join(sighting: Sighting): void {
    let times = this.#heard.get(sighting.receiver);
    if (times === undefined) {
      times = new Map();
      this.#heard.set(sighting.receiver, times);
    }
    const key = toKey(sighting.receivedS);
    const known = times.get(key);
    if (known === undefined || isWider(sighting, known)) times.set(key, sighting);
  }

  /** Whether joining `sighting` would change nothing. */
  includes(sighting: Sighting): boolean {
    const known = this.#heard.get(sighting.receiver)?.get(toKey(sighting.receivedS));
    return known !== undefined && !isWider(sighting, known);
  }
}

/** A double as a key of a Map, which does not tell `-0` from `0`. */
function toKey(receivedS: number): number | string {
  return Object.is(receivedS, -0) ? "-0" : receivedS;
}

/** Ranged messages, each content once. */
export class RangedStore {
  readonly #byContent = new Map<string, RangedMessage>();

  /** All messages, in no order. */
  get messages(): Iterable<RangedMessage> {
    return this.#byContent.values();
  }

  /** Whether there is none. */
  isEmpty(): boolean {
    return this.#byContent.size === 0;
  }

  /** The message of this content. */
  find(content: Content): RangedMessage | undefined {
    return this.#byContent.get(contentKey(content));
  }

  /** Joins sightings of one content. */
  join(content: Content, sightings: readonly Sighting[]): void {
    const key = contentKey(content);
    let message = this.#byContent.get(key);
    if (message === undefined) {
      message = new RangedMessage(content);
      this.#byContent.set(key, message);
    }
    for (const sighting of sightings) message.join(sighting);
  }

  /** Joins all of `other`. */
  joinAll(other: RangedStore): void {
    for (const { content, sightings } of other.messages) this.join(content, sightings);
  }

  /** Whether this knows all that `other` knows. */
  includes(other: RangedStore): boolean {
    for (const [key, { sightings }] of other.#byContent) {
      const known = this.#byContent.get(key);
      if (known === undefined || !sightings.every((sighting) => known.includes(sighting))) {
        return false;
      }
    }
    return true;
  }

  /** The events of all messages, as lines in no order. */
  lines(): BatchLine[] {
    const lines: BatchLine[] = [];
    for (const { content, sightings } of this.messages) {
      for (const event of groupSightings(sightings)) lines.push(toLine(content, event));
    }
    return lines;
  }
}

function toLine(content: Content, event: readonly Sighting[]): BatchLine {
  const startUs = event.reduce((latest, each) => Math.max(latest, each.startUs), 0);
  const endUs = event.reduce((earliest, each) => Math.min(earliest, each.endUs), Infinity);
  const receivers = event.map((each) => {
    const isPlain = each.startUs === startUs && each.endUs === endUs;
    return { ...each, ownRange: isPlain ? undefined : each };
  });
  const text = formatLine(content, receivers, { startUs, endUs });
  return { startUs, lengthUs: endUs - startUs, text };
}
