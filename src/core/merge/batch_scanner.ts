import { BACKSLASH, CLOSE_BRACKET, COMMA, LINE_FEED, QUOTE } from "../bytes.ts";
import type { BatchLine } from "../batch/batch.ts";
import { type Micros, MINUTE_US } from "../time.ts";
import { type ByteText, decodeSpan, toByteText } from "../scan/byte_text.ts";
import { asciiBytes, NOT_FOUND, skipLiteral } from "../scan/canonical_scan.ts";
import { type ExactLine, haveSameContent, scanExactLine } from "../scan/exact_line.ts";
import { skipToParams } from "../scan/message_scan.ts";
import { scanRangedLine } from "../scan/ranged_line.ts";
import { SightingSet } from "./sighting_set.ts";

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
  /** The sightings of its ranged messages. Must not be changed. */
  readonly ranged: SightingSet;
  /** False if certainly no two of its lines have the same `id` tag. */
  readonly mayRepeatId: boolean;
  /**
   * Whether the batch is the normal form of its minute, if the events of ranged messages in that
   * minute are `events`, in the order of a batch.
   */
  isNormal(events: readonly BatchLine[]): boolean;
}

/** The batch to scan. */
export interface ScanPlace {
  /** The channel, without `#`. */
  readonly channel: string;
  /** When the minute of the batch starts. */
  readonly minuteUs: Micros;
}

/** A line with its sort keys. */
interface Placed {
  readonly startUs: Micros;
  readonly lengthUs: Micros;
  readonly from: number;
  readonly to: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

// More messages of one instant than this are compared faster by their text.
const TIED_MAX = 64;

/** Scans a batch from its first line to its last, in as many steps as the caller likes. */
export class BatchScanner {
  readonly #text: ByteText;
  readonly #place: ScanPlace;
  readonly #params: Uint8Array;
  readonly #ranged = new SightingSet();
  readonly #rangedLines: Placed[] = [];
  #at = 0;
  #lineCount = 0;
  #isWell: boolean;
  #before: Placed | undefined;
  /** Hashes of the ids: equal hashes may, rarely, be a collision. */
  readonly #ids = new Set<number>();
  #mayRepeatId = false;
  /** The exact messages of the instant of the last line. */
  #tied: ExactLine[] = [];

  /** Scans `bytes`, which must not change afterwards. */
  constructor(bytes: Uint8Array, place: ScanPlace) {
    this.#text = toByteText(bytes);
    this.#place = place;
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
      ranged: this.#ranged,
      mayRepeatId: this.#mayRepeatId,
      isNormal: (events) => this.#isNormal(events),
    };
  }

  /** Scans on, up to the end of the line that is `byteCount` further or the end of the batch. */
  scan(byteCount = Infinity): void {
    const untilAt = this.#at + byteCount;
    while (!this.isDone && this.#at < untilAt) this.#isWell = this.#scanLine();
  }

  #scanLine(): boolean {
    const { bytes } = this.#text;
    const from = this.#at;
    const exact = scanExactLine(this.#text, from);
    if (exact !== undefined) {
      const { rangeFrom, rangeTo, to, sentUs, idFrom } = exact;
      const isCanonical = rangeTo - rangeFrom === 3; // `0.0`; a merge of the reference has `0`.
      this.#takeId(idFrom);
      return isCanonical && this.#takeExact(exact) &&
        this.#take({ startUs: sentUs, lengthUs: 0, from, to });
    }
    const ranged = scanRangedLine(this.#text, from);
    if (ranged === undefined || bytes[ranged.to] !== LINE_FEED) return false;
    this.#takeId(ranged.idFrom);
    const { startUs, endUs } = ranged.range;
    this.#ranged.addRanged(ranged);
    const placed = { startUs, lengthUs: endUs - startUs, from, to: ranged.to };
    this.#rangedLines.push(placed);
    return this.#take(placed);
  }

  /** Adds an exact line, unless one of the same content came before. */
  #takeExact(line: ExactLine): boolean {
    const { minuteUs } = this.#place;
    if (line.sentUs < minuteUs || line.sentUs >= minuteUs + MINUTE_US) return false;
    if (this.#tied.length > 0 && this.#tied[0]!.sentUs !== line.sentUs) this.#tied = [];
    if (this.#tied.length >= TIED_MAX) return false;
    for (const other of this.#tied) {
      if (haveSameContent(other, line)) return false;
    }
    this.#tied.push(line);
    return true;
  }

  #takeId(idFrom: number): void {
    const { bytes } = this.#text;
    if (idFrom === NOT_FOUND || bytes[idFrom] === QUOTE) return; // An empty id is no id.
    let hash = FNV_OFFSET;
    for (let at = idFrom; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH) at++;
      hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
    }
    const idCount = this.#ids.size;
    this.#ids.add(hash >>> 2); // Small integers take no memory of their own.
    if (this.#ids.size === idCount) this.#mayRepeatId = true;
  }

  /** Adds a valid line, if it belongs to the channel and sorts behind the one before. */
  #take(line: Placed): boolean {
    if (!this.#isInChannel(line.from)) return false;
    if (this.#before !== undefined && !this.#isBehind(this.#before, line)) return false;
    this.#before = line;
    this.#lineCount++;
    this.#at = line.to + 1;
    return true;
  }

  #isInChannel(from: number): boolean {
    const { bytes } = this.#text;
    const to = skipLiteral(bytes, skipToParams(bytes, from), this.#params);
    return to !== NOT_FOUND && (bytes[to] === COMMA || bytes[to] === CLOSE_BRACKET);
  }

  /** Whether `right` sorts behind `left` in a batch; they may be equal. */
  #isBehind(left: Placed, right: Placed): boolean {
    if (left.startUs !== right.startUs) return left.startUs < right.startUs;
    if (left.lengthUs !== right.lengthUs) return left.lengthUs < right.lengthUs;
    const { bytes } = this.#text;
    const length = Math.min(left.to - left.from, right.to - right.from);
    for (let i = 0; i < length; i++) {
      const order = bytes[left.from + i]! - bytes[right.from + i]!;
      if (order !== 0) return order < 0;
    }
    return left.to - left.from <= right.to - right.from;
  }

  #isNormal(events: readonly BatchLine[]): boolean {
    const { bytes } = this.#text;
    return events.length === this.#rangedLines.length &&
      this.#rangedLines.every(({ from, to }, i) => {
        const { text } = events[i]!;
        return text.length === to - from && text === decodeSpan(bytes, from, to);
      });
  }
}
