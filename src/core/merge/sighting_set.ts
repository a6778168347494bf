import type { ArchiveKey } from "../archive/archive_key.ts";
import type { BatchLine } from "../batch/batch.ts";
import { decodeSpan } from "../scan/byte_text.ts";
import type { Content } from "../batch/content.ts";
import { type ExactMessage, ExactStore } from "./exact_store.ts";
import type { IrcMessage } from "../batch/message.ts";
import { parseJson } from "../json/parse_json.ts";
import { type NormalLine, sortLines, textOf, writeLines } from "./normal_form.ts";
import type { LineMarks } from "../scan/line_marks.ts";
import type { RangedLine } from "../scan/ranged_line.ts";
import { toRangedLine } from "../scan/written_line.ts";
import { overlapParts } from "../grouping/overlap.ts";
import { RangedStore } from "./ranged_store.ts";
import { readLines, toExactLine } from "./read_lines.ts";
import type { Sighting } from "../grouping/sighting.ts";
import { runSteps, type Steps } from "../steps.ts";
import { type Micros, MINUTE_US, minuteOf } from "../time.ts";

/** A stretch of server time, both ends included. */
export interface Extent {
  /** Its first instant. */
  readonly startUs: Micros;
  /** Its last instant. */
  readonly endUs: Micros;
}

/** How a batch is added. */
export interface AddOptions {
  /** The name of the file, for errors. */
  readonly key?: ArchiveKey;
  /** The bytes will never change, so the set may keep them: saves a copy. */
  readonly isOwned?: boolean;
}

/**
 * The sightings of any number of recordings: a set that only ever grows by joining, so that
 * order, grouping and repetition of what is added cannot matter. MERGE.md says why.
 *
 * The normal form of a set, what stands in files, is a pure function of it; read back, it gives the
 * same set.
 */
export class SightingSet {
  #exact = new ExactStore();
  #ranged = new RangedStore();

  /**
   * Joins the sightings of a batch, in any valid form.
   *
   * @throws {BatchSyntaxError} when it is unreadable; the set stays as it was.
   */
  add(bytes: Uint8Array, options?: AddOptions): void {
    // A slice of a Node Buffer would share its memory; this copies in any case.
    const own = options?.isOwned ? bytes : new Uint8Array(bytes);
    let before: ExactMessage | undefined;
    for (const read of readLines(own, { known: this.#exact, key: options?.key })) {
      if ("sightings" in read) {
        this.#ranged.join(read);
        continue;
      }
      let message;
      if ("known" in read) {
        message = read.known;
        message.join(read);
      } else message = this.#exact.join(read);
      if (before !== undefined) before.next ??= message;
      before = message;
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
    const { receiver, receivedS, startUs, endUs, sentUs } = sighting;
    if (sentUs !== undefined) this.#exact.join(toExactLine(content, [sighting], sentUs));
    else {
      this.#ranged.join(toRangedLine(content, [{ receiver, receivedS, startUs, endUs }]));
    }
  }

  /** Joins the sightings of a ranged line. Keeps its bytes, which must not change afterwards. */
  addRanged(line: RangedLine): void {
    this.#ranged.join(line);
  }

  /** Joins all that `other` holds. */
  addAll(other: SightingSet): void {
    this.#exact.joinAll(other.#exact);
    this.#ranged.joinAll(other.#ranged);
  }

  /** Whether joining `other` would change nothing: this set includes `other`. */
  includes(other: SightingSet): boolean {
    return this.#exact.includes(other.#exact) && this.#ranged.includes(other.#ranged);
  }

  /**
   * Drops every sighting that `matches`, and returns how many that were. `matches`
   * gets the message as parsed, and for a ranged one the sighting; an exact one goes as a whole.
   */
  drop(matches: (message: IrcMessage, sighting: Sighting | undefined) => boolean): number {
    const exact = new ExactStore();
    const ranged = new RangedStore();
    let dropped = 0;
    let before: ExactMessage | undefined;
    for (const message of this.#exact.messages) {
      if (matches(parseLine(message.line), undefined)) {
        dropped += message.receivers().length;
        continue;
      }
      exact.insert(message);
      message.next = undefined; // It may have been dropped, and must not be found again.
      if (before !== undefined) before.next = message;
      before = message;
    }
    for (const { line, sightings } of this.#ranged.messages) {
      const message = parseLine(line);
      const kept = sightings.filter((sighting) => !matches(message, sighting));
      dropped += sightings.length - kept.length;
      if (kept.length > 0) ranged.join({ ...line, sightings: kept });
    }
    this.#exact = exact;
    this.#ranged = ranged;
    return dropped;
  }

  /** A copy with the ranged contents only. It holds none of the bytes that were added. */
  ranged(): SightingSet {
    const set = new SightingSet();
    set.#ranged = this.#ranged.copy();
    return set;
  }

  /** Whether the set is empty. */
  isEmpty(): boolean {
    return this.#exact.messages.length === 0 && this.#ranged.isEmpty();
  }

  /**
   * A copy of the overlapping chains of equal ranged sightings here that a sighting in
   * `other` is part of, or would be.
   */
  chainsOf(other: SightingSet): SightingSet {
    const set = new SightingSet();
    for (const { line, sightings } of other.#ranged.messages) {
      const theirs = overlapParts(sightings).map(extentOf);
      for (const part of overlapParts(this.#ranged.find(line)?.sightings ?? [])) {
        const { startUs, endUs } = extentOf(part);
        const isTouched = theirs.some((each) => each.startUs <= endUs && each.endUs >= startUs);
        if (isTouched) set.#ranged.join({ ...line, sightings: part });
      }
    }
    return set;
  }

  /**
   * Whether every sighting shares an instant with the minute: only such can stand in its files,
   * since an event lies inside the ranges of all its sightings. A range that the reference wrote may
   * begin less than a microsecond before the next minute and is then read as beginning with it.
   */
  fitsMinute(minuteUs: Micros): boolean {
    if (!this.#exact.messages.every(({ line }) => minuteOf(line.sentUs) === minuteUs)) return false;
    for (const { sightings } of this.#ranged.messages) {
      const doesFit = sightings.every(({ startUs, endUs }) =>
        startUs <= minuteUs + MINUTE_US && endUs >= minuteUs
      );
      if (!doesFit) return false;
    }
    return true;
  }

  /** The normal form as one batch; it may hold several minutes. Fresh for the caller. */
  encode(): Uint8Array {
    return runSteps(writeLines(this.#normalLines()));
  }

  /** The normal form minute by minute, in order of time: the bytes of the batch of each. */
  encodeMinutes(): Map<Micros, Uint8Array> {
    return runSteps(this.encodingMinutes());
  }

  /** As {@link SightingSet.encodeMinutes}, in steps; the set must stay as it is meanwhile. */
  *encodingMinutes(): Steps<Map<Micros, Uint8Array>> {
    const lines = this.#normalLines();
    yield;
    const minutes = new Map<Micros, NormalLine[]>();
    for (const line of lines) {
      const minuteUs = minuteOf(line.startUs);
      const known = minutes.get(minuteUs);
      if (known === undefined) minutes.set(minuteUs, [line]);
      else known.push(line);
    }
    const encoded = new Map<Micros, Uint8Array>();
    for (const [minuteUs, lines] of minutes) encoded.set(minuteUs, yield* writeLines(lines));
    return encoded;
  }

  /** The events of ranged contents in the normal form that start in `span`, in the order of a batch. */
  rangedEvents({ startUs, endUs }: Extent): readonly NormalLine[] {
    const isInside = (event: NormalLine) => event.startUs >= startUs && event.startUs <= endUs;
    return sortLines(this.#ranged.events().filter(isInside));
  }

  /** The events of the normal form, as lines in the order of a batch. */
  lines(): BatchLine[] {
    return this.#normalLines().map((line) => ({
      startUs: line.startUs,
      lengthUs: line.lengthUs,
      text: textOf(line),
    }));
  }

  #normalLines(): NormalLine[] {
    return sortLines([...this.#exact.messages, ...this.#ranged.events()]);
  }

  /**
   * How far the ranged contents of some minutes reach, from the one that starts at `fromUs` to the one that
   * starts at `toUs`: the extents of those overlapping chains of equal ranged contents that have a sighting which
   * starts in one of the minutes. No event of these minutes depends on anything that does not touch one of them.
   */
  extents(fromUs: Micros, toUs: Micros = fromUs): Extent[] {
    const extents: Extent[] = [];
    const isInside = ({ startUs }: Sighting) => startUs >= fromUs && startUs < toUs + MINUTE_US;
    for (const { sightings } of this.#ranged.messages) {
      // Most contents of the minutes around are not of these.
      if (!sightings.some(isInside)) continue;
      for (const part of overlapParts(sightings)) {
        if (part.some(isInside)) extents.push(extentOf(part));
      }
    }
    return extents;
  }

  /** The `id` tags that stand for several contents here: id → how many. */
  repeatedIds(): Map<string, number> {
    const counts = new Map<string, number>();
    const count = ({ tags }: IrcMessage) => {
      if (tags === null || !Object.hasOwn(tags, "id") || tags["id"] === "") return;
      counts.set(tags["id"]!, (counts.get(tags["id"]!) ?? 0) + 1);
    };
    for (const { line } of this.#exact.messages) count(parseLine(line));
    for (const { line } of this.#ranged.messages) count(parseLine(line));
    for (const [id, times] of counts) if (times === 1) counts.delete(id);
    return counts;
  }
}

/** How far a part reaches, as `overlapParts` gives it. */
function extentOf(part: readonly Sighting[]): Extent {
  const endUs = part.reduce((latest, each) => Math.max(latest, each.endUs), 0);
  return { startUs: part[0]!.startUs, endUs };
}

function parseLine({ text, from, to }: LineMarks): IrcMessage {
  return parseJson(decodeSpan(text.bytes, from, to)) as IrcMessage;
}
