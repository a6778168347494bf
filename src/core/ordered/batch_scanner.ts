import { BACKSLASH, CLOSE_BRACKET, COMMA, LINE_FEED, QUOTE } from "../bytes.ts";
import { OrderedLines } from "./ordered_lines.ts";
import { type Micros, MINUTE_US } from "../time.ts";
import { type ByteText, toByteText } from "../scan/byte_text.ts";
import { asciiBytes, NOT_FOUND, skipLiteral } from "../scan/canonical_scan.ts";
import { type ExactLine, scanExactLine } from "../scan/exact_line.ts";
import { skipToParams } from "../scan/message_scan.ts";
import { type ScannedRanged, scanRangedLine } from "../scan/ranged_line.ts";
import { areLinesAt, type NormalLine } from "../merge/normal_form.ts";
import { SightingSet } from "../merge/sighting_set.ts";

/**
 * A batch whose exact messages were scanned, without parsing, and found to be as in the normal form:
 * in canonical form, each content once, in the order of a batch, all of them in the channel
 * and the minute of the batch.
 *
 * Of its ranged messages only the content, the order, the channel and the sightings were
 * checked. {@link ScannedBatch.isNormal} says whether they, too, are as in the normal form.
 */
export interface ScannedBatch {
  /** How many lines it has. */
  readonly lineCount: number;
  /** Its exact messages. Must not be changed. */
  readonly exact: OrderedLines;
  /** The sightings of its ranged messages. Must not be changed. */
  readonly ranged: SightingSet;
  /** Whether two of its lines may have the same `id` tag; false if certainly none have. */
  mayRepeatId(): boolean;
  /**
   * Whether the batch is the normal form of its minute, if the events of ranged messages in that
   * minute are `events`, in the order of a batch.
   */
  isNormal(events: readonly NormalLine[]): boolean;
}

/** The batch to scan. */
export interface ScanPlace {
  /** The channel, without `#`. */
  readonly channel: string;
  /** When the minute of the batch starts. */
  readonly minuteUs: Micros;
  /**
   * The exact messages of another batch of this minute: those that both have are found by comparing, which
   * is faster than scanning.
   */
  readonly like?: OrderedLines | undefined;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

// More messages of one instant than this are compared faster by their text.
const TIED_MAX = 64;

// At most this many lines of the other batch are compared when this one skips some that it has.
const SKIPPED_MAX = 4;

/** Scans a batch from its first line to its last, in as many steps as the caller likes. */
export class BatchScanner {
  readonly #text: ByteText;
  readonly #place: ScanPlace;
  readonly #params: Uint8Array;
  readonly #exact: OrderedLines;
  readonly #ranged = new SightingSet();
  /** Where each ranged line starts and ends. */
  readonly #rangedLines: number[] = [];
  /** Where the ids of ranged lines start. */
  readonly #rangedIds: number[] = [];
  #at = 0;
  #lineCount = 0;
  #isWell: boolean;
  /** The next line of the other batch. */
  #likeNext = 0;
  /** The last line: its sort keys, and where it is. */
  #startUs = -Infinity;
  #lengthUs = 0;
  #from = 0;
  #to = 0;
  /** The first exact line of the instant of the last one. */
  #tiedFrom = 0;

  /** Scans `bytes`, which must not change afterwards. */
  constructor(bytes: Uint8Array, place: ScanPlace) {
    this.#text = toByteText(bytes);
    this.#place = place;
    this.#exact = new OrderedLines(this.#text, place.like);
    this.#params = asciiBytes(`["#${place.channel}"`);
    this.#isWell = bytes.at(-1) === LINE_FEED;
  }

  /** Whether the scan is complete. */
  get isDone(): boolean {
    return !this.#isWell || this.#at >= this.#text.bytes.length;
  }

  /** The result, once it {@link BatchScanner.isDone}; `undefined` if the batch must be parsed. */
  get found(): ScannedBatch | undefined {
    if (!this.#isWell) return undefined;
    return {
      lineCount: this.#lineCount,
      exact: this.#exact,
      ranged: this.#ranged,
      mayRepeatId: () => this.#mayRepeatId(),
      isNormal: (events) => areLinesAt(events, this.#text, this.#rangedLines),
    };
  }

  /** Scans on, up to the end of the line that is `byteCount` further or the end of the batch. */
  scan(byteCount = Infinity): void {
    const untilAt = this.#at + byteCount;
    while (!this.isDone && this.#at < untilAt) this.#isWell = this.#scanLine();
  }

  #scanLine(): boolean {
    const from = this.#at;
    if (this.#matchLine(from)) return this.#takeExact();
    const exact = scanExactLine(this.#text, from);
    if (exact !== undefined) {
      const { rangeFrom, rangeTo, sentUs } = exact;
      if (rangeTo - rangeFrom !== 3) return false; // `0.0`; a merge of the reference has `0`.
      const { like } = this.#place;
      if (like !== undefined) this.#likeNext = like.firstAt(sentUs, this.#likeNext);
      this.#exact.add(exact);
      return this.#isInMinute(exact) && this.#isInChannel(from) && this.#takeExact();
    }
    const ranged = scanRangedLine(this.#text, from);
    return ranged !== undefined && this.#takeRanged(ranged);
  }

  /** Takes the line at `from` from the other batch, if it has an equal one. */
  #matchLine(from: number): boolean {
    const { like } = this.#place;
    if (like === undefined) return false;
    const end = Math.min(this.#likeNext + SKIPPED_MAX, like.length);
    for (let i = this.#likeNext; i < end; i++) {
      const to = like.matchAt(i, this.#text, from);
      if (to === NOT_FOUND) continue;
      this.#exact.addLike(i, from, to);
      this.#likeNext = i + 1;
      return true;
    }
    return false;
  }

  #isInMinute({ sentUs }: ExactLine): boolean {
    const { minuteUs } = this.#place;
    return sentUs >= minuteUs && sentUs < minuteUs + MINUTE_US;
  }

  /** Takes the last exact line, unless one of the same content came before. */
  #takeExact(): boolean {
    const lines = this.#exact;
    const last = lines.length - 1;
    const sentUs = lines.sentUs(last);
    if (lines.sentUs(this.#tiedFrom) !== sentUs) this.#tiedFrom = last;
    if (last - this.#tiedFrom >= TIED_MAX) return false;
    for (let i = this.#tiedFrom; i < last; i++) {
      if (lines.hasContentOf(i, lines, last)) return false;
    }
    return this.#take(sentUs, 0, lines.from(last), lines.to(last));
  }

  #takeRanged(line: ScannedRanged): boolean {
    const { range: { startUs, endUs }, from, to } = line;
    if (this.#text.bytes[to] !== LINE_FEED || !this.#isInChannel(from)) return false;
    this.#ranged.addRanged(line);
    this.#rangedLines.push(from, to);
    this.#rangedIds.push(line.idFrom);
    return this.#take(startUs, endUs - startUs, from, to);
  }

  /** Takes a line, if it sorts behind the one before. */
  #take(startUs: Micros, lengthUs: Micros, from: number, to: number): boolean {
    if (!this.#isBehind(startUs, lengthUs, from, to)) return false;
    this.#startUs = startUs;
    this.#lengthUs = lengthUs;
    this.#from = from;
    this.#to = to;
    this.#lineCount++;
    this.#at = to + 1;
    return true;
  }

  #isInChannel(from: number): boolean {
    const { bytes } = this.#text;
    const to = skipLiteral(bytes, skipToParams(this.#text, from), this.#params);
    return to !== NOT_FOUND && (bytes[to] === COMMA || bytes[to] === CLOSE_BRACKET);
  }

  /** Whether a line sorts behind the last one in a batch; they may be equal. */
  #isBehind(startUs: Micros, lengthUs: Micros, from: number, to: number): boolean {
    if (startUs !== this.#startUs) return startUs > this.#startUs;
    if (lengthUs !== this.#lengthUs) return lengthUs > this.#lengthUs;
    const { bytes } = this.#text;
    const length = Math.min(this.#to - this.#from, to - from);
    for (let i = 0; i < length; i++) {
      const order = bytes[this.#from + i]! - bytes[from + i]!;
      if (order !== 0) return order < 0;
    }
    return this.#to - this.#from <= to - from;
  }

  /** Compares hashes of the ids: equal hashes may, rarely, be a collision. */
  #mayRepeatId(): boolean {
    const hashes = new Set<number>();
    let idCount = 0;
    const take = (idFrom: number) => {
      if (idFrom === NOT_FOUND || this.#text.bytes[idFrom] === QUOTE) return; // Empty: no id.
      hashes.add(this.#hashId(idFrom));
      idCount++;
    };
    for (let i = 0; i < this.#exact.length; i++) take(this.#exact.idFrom(i));
    this.#rangedIds.forEach(take);
    return hashes.size < idCount;
  }

  #hashId(idFrom: number): number {
    const { bytes } = this.#text;
    let hash = FNV_OFFSET;
    for (let at = idFrom; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH) at++;
      hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
    }
    return hash >>> 2; // Small integers take no memory of their own.
  }
}
