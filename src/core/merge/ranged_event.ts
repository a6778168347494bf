import { CLOSE_BRACE, COLON, COMMA } from "../bytes.ts";
import { type ByteText, copySpan } from "../scan/byte_text.ts";
import { NOT_FOUND } from "../scan/canonical_scan.ts";
import { compareCodePoints, formatSeconds } from "../json/canonical_json.ts";
import { contentBytes, type LineMarks } from "../scan/line_marks.ts";
import { formatLength } from "../batch/format_line.ts";
import type { Micros } from "../time.ts";
import type { ScannedSighting } from "../scan/scanned_sighting.ts";

// The longest number that formatFloat writes is shorter: `-2.2250738585072014e-308`.
const NUMBER_BYTES_MAX = 24;
const OWN_RECEIVED = `{"received":`;
const TIME = `,"time":`;
const RANGE = `,"time_range":`;
const OWN_BYTES_MAX = OWN_RECEIVED.length + TIME.length + RANGE.length + 1 + 2 * NUMBER_BYTES_MAX;

/** An event of a ranged message: a line of the normal form that is not yet written. */
export class RangedEvent {
  /** The latest start of its sightings. */
  readonly startUs: Micros;
  /** From there to the earliest end. */
  readonly lengthUs: Micros;
  readonly #line: LineMarks;
  /** In order of their receivers' ids, each once. */
  readonly #sightings: readonly ScannedSighting[];
  /** The one that starts last; of several, the one that ends first. */
  readonly #latest: ScannedSighting;

  /** An event of the content of `line`; its sightings share an instant. */
  constructor(line: LineMarks, sightings: readonly ScannedSighting[]) {
    let latest = sightings[0]!;
    let { endUs } = latest;
    for (let i = 1; i < sightings.length; i++) {
      const each = sightings[i]!;
      if (each.endUs < endUs) endUs = each.endUs;
      const isLater = each.startUs > latest.startUs ||
        (each.startUs === latest.startUs && each.endUs < latest.endUs);
      if (isLater) latest = each;
    }
    this.startUs = latest.startUs;
    this.lengthUs = endUs - latest.startUs;
    this.#latest = latest;
    this.#line = line;
    this.#sightings = inOrder(sightings);
  }

  /** How long the line is at most, without its line feed. */
  get bytesMax(): number {
    let length = contentBytes(this.#line) + 2 * NUMBER_BYTES_MAX;
    for (const { idFrom, idTo, receivedFrom, receivedTo } of this.#sightings) {
      length += idTo - idFrom + receivedTo - receivedFrom + OWN_BYTES_MAX + 2;
    }
    return length;
  }

  /** Writes the line at `at` and returns where it ends. */
  write(target: ByteText, at: number): number {
    const line = this.#line;
    const { text } = line;
    const sightings = this.#sightings;
    const first = sightings[0]!;
    if (sightings.length === 1 && isAlone(first, line)) return copySpan(line, target, at);
    let end = copySpan({ text, from: line.from, to: line.receiversFrom }, target, at);
    for (let i = 0; i < sightings.length; i++) {
      if (i > 0) target.bytes[end++] = COMMA;
      end = this.#writeSighting(sightings[i]!, target, end);
    }
    end = copySpan({ text, from: line.receiversTo, to: line.timeFrom }, target, end);
    end = writeTime(this.#latest, target, end);
    end = copySpan({ text, from: line.timeTo, to: line.rangeFrom }, target, end);
    end = this.#isWhole(this.#latest) ? writeLength(this.#latest, target, end) : writeAscii(
      formatLength({ startUs: this.startUs, endUs: this.startUs + this.lengthUs }),
      target,
      end,
    );
    return copySpan({ text, from: line.rangeTo, to: line.to }, target, end);
  }

  /** Whether the event has the very range of this sighting. */
  #isWhole({ startUs, endUs }: ScannedSighting): boolean {
    return startUs === this.startUs && endUs - startUs === this.lengthUs;
  }

  #writeSighting(sighting: ScannedSighting, target: ByteText, at: number): number {
    const { text, idFrom, idTo, receivedFrom, receivedTo } = sighting;
    let end = copySpan({ text, from: idFrom, to: idTo }, target, at);
    target.bytes[end++] = COLON;
    const isPlain = this.#isWhole(sighting);
    if (!isPlain) end = writeAscii(OWN_RECEIVED, target, end);
    end = copySpan({ text, from: receivedFrom, to: receivedTo }, target, end);
    if (isPlain) return end;
    end = writeTime(sighting, target, writeAscii(TIME, target, end));
    end = writeLength(sighting, target, writeAscii(RANGE, target, end));
    target.bytes[end] = CLOSE_BRACE;
    return end + 1;
  }
}

function inOrder(sightings: readonly ScannedSighting[]): readonly ScannedSighting[] {
  if (sightings.length === 1) return sightings;
  if (sightings.length > 2) return [...sightings].sort(byReceiver);
  const [left, right] = sightings as [ScannedSighting, ScannedSighting];
  return byReceiver(left, right) < 0 ? sightings : [right, left];
}

function byReceiver(left: ScannedSighting, right: ScannedSighting): number {
  return compareCodePoints(left.receiver, right.receiver);
}

/** Whether `line` says this of `sighting` and nothing else, all in canonical form. */
function isAlone(sighting: ScannedSighting, line: LineMarks): boolean {
  return sighting.text === line.text && sighting.idFrom === line.receiversFrom &&
    sighting.receivedTo === line.receiversTo && sighting.range.timeFrom === line.timeFrom &&
    sighting.range.rangeFrom === line.rangeFrom;
}

function writeTime(sighting: ScannedSighting, target: ByteText, at: number): number {
  const { text, range: { timeFrom, timeTo, startUs } } = sighting;
  return timeFrom === NOT_FOUND
    ? writeAscii(formatSeconds(startUs), target, at)
    : copySpan({ text, from: timeFrom, to: timeTo }, target, at);
}

function writeLength(sighting: ScannedSighting, target: ByteText, at: number): number {
  const { text, range: { rangeFrom, rangeTo } } = sighting;
  return rangeFrom === NOT_FOUND
    ? writeAscii(formatLength(sighting), target, at)
    : copySpan({ text, from: rangeFrom, to: rangeTo }, target, at);
}

/** Writes a few letters; faster than an encoder. */
function writeAscii(text: string, { bytes }: ByteText, at: number): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}
