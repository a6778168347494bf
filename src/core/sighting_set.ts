import type { ArchiveKey } from "./archive_key.ts";
import {
  type BatchLine,
  compareLines,
  encodeLines,
  formatOwnRange,
  formatRange,
  parseMessageLine,
  splitBatch,
} from "./batch.ts";
import { compareCodePoints, formatFloat, formatSeconds, formatString } from "./canonical_json.ts";
import { type Content, contentKey, contentOfFields, sentUs } from "./content.ts";
import { BatchSyntaxError } from "./errors.ts";
import { groupSightings } from "./grouping.ts";
import type { IrcMessage, Message } from "./message.ts";
import { overlapParts } from "./overlap.ts";
import { compareReceived, isWider, type Sighting } from "./sighting.ts";
import { fromSeconds, type Micros, MINUTE_US, minuteOf } from "./time.ts";

/** A stretch of server time, both ends included. */
export interface Extent {
  /** Its first instant. */
  readonly startUs: Micros;
  /** Its last instant. */
  readonly endUs: Micros;
}

/** All that is known of one content. */
interface Known {
  readonly content: Content;
  /** The instant of an exact content, `undefined` for a ranged one. */
  readonly sentUs: Micros | undefined;
  /** Receiver → received time → sighting. An exact content keeps one received time a receiver. */
  readonly heard: Map<string, Map<string, Sighting>>;
}

/**
 * What any number of recordings know: a set of sightings that only ever grows by joining, so that
 * order, grouping and repetition of what is added cannot matter. MERGE.md says why.
 *
 * The normal form of a set, what stands in files, is a pure function of it; read back, it gives the
 * very same set.
 */
export class SightingSet {
  readonly #known = new Map<string, Known>();

  /**
   * Joins the sightings of a batch, in any valid form.
   *
   * @throws {BatchSyntaxError} when it is unreadable; the set stays as it was.
   */
  add(bytes: Uint8Array, options?: { readonly key?: ArchiveKey }): void {
    let messages;
    try {
      messages = splitBatch(bytes).map((line, i) => parseMessageLine(line, i + 1));
    } catch (error) {
      if (options?.key === undefined || !(error instanceof BatchSyntaxError)) throw error;
      throw new BatchSyntaxError(error.line, error.reason, { ...options, cause: error });
    }
    for (const message of messages) this.#addMessage(message);
  }

  #addMessage(message: Message): void {
    const content = contentOfFields(message);
    const exactUs = sentUs(message.tags);
    const plain = { startUs: fromSeconds(message.time) + 0, endUs: 0 };
    plain.endUs = plain.startUs + fromSeconds(message.time_range);
    for (const receiver of Object.keys(message.receivers)) {
      const value = message.receivers[receiver]!;
      if (typeof value === "number") {
        this.#join(content, exactUs, { receiver, receivedS: value, ...plain });
        continue;
      }
      const startUs = fromSeconds(value.time) + 0;
      const endUs = startUs + fromSeconds(value.time_range);
      this.#join(content, exactUs, { receiver, receivedS: value.received, startUs, endUs });
    }
  }

  /**
   * Joins one sighting of `content`.
   *
   * @param sighting.sentUs what `sentUs` says of the content's tags: with it the content is exact,
   * and `startUs` and `endUs` do not count.
   */
  addSighting(
    content: Content,
    sighting: Sighting & { readonly sentUs: Micros | undefined },
  ): void {
    const { receiver, receivedS, startUs, endUs } = sighting;
    this.#join(content, sighting.sentUs, { receiver, receivedS, startUs, endUs });
  }

  /** Joins all that `other` holds. */
  addAll(other: SightingSet): void {
    for (const { content, sentUs, heard } of other.#known.values()) {
      for (const times of heard.values()) {
        for (const sighting of times.values()) this.#join(content, sentUs, sighting);
      }
    }
  }

  #join(content: Content, exactUs: Micros | undefined, sighting: Sighting): void {
    const key = contentKey(content);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { content, sentUs: exactUs, heard: new Map() };
      this.#known.set(key, known);
    }
    let times = known.heard.get(sighting.receiver);
    if (times === undefined) {
      times = new Map();
      known.heard.set(sighting.receiver, times);
    }
    if (exactUs !== undefined) {
      const [before] = times.values();
      if (before !== undefined && compareReceived(before.receivedS, sighting.receivedS) <= 0) {
        return;
      }
      times.clear();
      times.set("", { ...sighting, startUs: exactUs, endUs: exactUs });
      return;
    }
    const time = formatFloat(sighting.receivedS);
    const before = times.get(time);
    if (before === undefined || isWider(sighting, before)) times.set(time, sighting);
  }

  /** Whether joining `other` would change nothing: this set knows all that `other` knows. */
  includes(other: SightingSet): boolean {
    for (const [key, { sentUs, heard }] of other.#known) {
      const mine = this.#known.get(key);
      if (mine === undefined) return false;
      for (const [receiver, times] of heard) {
        const mineTimes = mine.heard.get(receiver);
        if (mineTimes === undefined) return false;
        for (const [time, sighting] of times) {
          const own = mineTimes.get(time);
          if (own === undefined) return false;
          if (sentUs !== undefined) {
            if (compareReceived(own.receivedS, sighting.receivedS) > 0) return false;
          } else if (isWider(sighting, own)) return false;
        }
      }
    }
    return true;
  }

  /**
   * Drops every sighting for which `matches` says so, and returns how many that were. `matches`
   * gets the message as parsed and the range of the sighting.
   */
  drop(matches: (message: IrcMessage, range: Extent) => boolean): number {
    let dropped = 0;
    for (const [key, { content, heard }] of this.#known) {
      const message = JSON.parse(`${content.a}{}${content.b}0${content.c}0${content.d}`);
      for (const [receiver, times] of heard) {
        for (const [time, sighting] of times) {
          if (!matches(message, { startUs: sighting.startUs, endUs: sighting.endUs })) continue;
          times.delete(time);
          dropped++;
        }
        if (times.size === 0) heard.delete(receiver);
      }
      if (heard.size === 0) this.#known.delete(key);
    }
    return dropped;
  }

  /** The normal form as one batch; it may hold several minutes. */
  encode(): Uint8Array {
    return encodeLines(this.lines());
  }

  /** The normal form minute by minute, in order: the bytes of the batch of each. */
  encodeMinutes(): Map<Micros, Uint8Array> {
    const minutes = new Map<Micros, BatchLine[]>();
    for (const line of this.lines()) {
      const minuteUs = minuteOf(line.startUs);
      const lines = minutes.get(minuteUs);
      if (lines === undefined) minutes.set(minuteUs, [line]);
      else lines.push(line);
    }
    return new Map([...minutes].map(([minuteUs, lines]) => [minuteUs, encodeLines(lines)]));
  }

  /** The events of the normal form, as lines in the order of a batch. */
  lines(): BatchLine[] {
    const lines: BatchLine[] = [];
    for (const { content, sentUs, heard } of this.#known.values()) {
      const sightings = [...heard.values()].flatMap((times) => [...times.values()]);
      const events = sentUs === undefined ? groupSightings(sightings) : [sightings];
      for (const event of events) lines.push(toLine(content, event));
    }
    return lines.sort(compareLines);
  }

  /**
   * How far the ranged contents of one minute reach: the extents of those overlapping chains of
   * equal ranged contents that have a sighting which starts in the minute. No event of the minute
   * depends on anything that does not touch one of them.
   */
  extents(minuteUs: Micros): Extent[] {
    const extents: Extent[] = [];
    for (const { sentUs, heard } of this.#known.values()) {
      if (sentUs !== undefined) continue;
      for (const part of overlapParts([...heard.values()].flatMap((t) => [...t.values()]))) {
        if (
          part.some(({ startUs }) => startUs >= minuteUs && startUs < minuteUs + MINUTE_US)
        ) {
          const endUs = part.reduce((latest, each) => Math.max(latest, each.endUs), 0);
          extents.push({ startUs: part[0]!.startUs, endUs });
        }
      }
    }
    return extents;
  }

  /** The `id` tags that stand for several contents here: id → how many. */
  repeatedIds(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { content } of this.#known.values()) {
      const { tags }: IrcMessage = JSON.parse(
        `${content.a}{}${content.b}0${content.c}0${content.d}`,
      );
      if (tags === null || !Object.hasOwn(tags, "id") || tags["id"] === "") continue;
      counts.set(tags["id"]!, (counts.get(tags["id"]!) ?? 0) + 1);
    }
    for (const [id, count] of counts) if (count === 1) counts.delete(id);
    return counts;
  }
}

function toLine({ a, b, c, d }: Content, event: readonly Sighting[]): BatchLine {
  const startUs = event.reduce((latest, each) => Math.max(latest, each.startUs), 0);
  const endUs = event.reduce((earliest, each) => Math.min(earliest, each.endUs), Infinity);
  const sorted = [...event].sort((x, y) => compareCodePoints(x.receiver, y.receiver));
  const receivers = sorted.map((each) => {
    const isPlain = each.startUs === startUs && each.endUs === endUs;
    const value = isPlain ? formatFloat(each.receivedS) : formatOwnRange({
      received: each.receivedS,
      startUs: each.startUs,
      lengthUs: each.endUs - each.startUs,
    });
    return `${formatString(each.receiver)}:${value}`;
  });
  const time = formatSeconds(startUs);
  const lengthUs = endUs - startUs;
  const range = formatRange(lengthUs, event.length);
  return {
    startUs,
    lengthUs,
    text: `${a}{${receivers.join(",")}}${b}${time}${c}${range}${d}`,
  };
}
