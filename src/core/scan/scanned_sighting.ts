import { type ByteText, copySpan, toByteSpan } from "./byte_text.ts";
import { NOT_FOUND } from "./canonical_scan.ts";
import { formatFloat, formatString } from "../json/canonical_json.ts";
import type { ScannedRange } from "./scanned_range.ts";
import type { Sighting } from "../grouping/sighting.ts";
import type { Micros } from "../time.ts";

/** A sighting and where its parts stand in canonical form, so that writing it is copying. */
export class ScannedSighting implements Sighting {
  readonly receiver: string;
  readonly receivedS: number;
  readonly startUs: Micros;
  readonly endUs: Micros;
  /** Where all its parts stand. */
  readonly text: ByteText;
  /** The id of its receiver, quotes included. */
  readonly idFrom: number;
  readonly idTo: number;
  /** The received time. */
  readonly receivedFrom: number;
  readonly receivedTo: number;
  /** Its start, as in `ScannedRange`. */
  readonly timeFrom: number;
  readonly timeTo: number;
  /** Its length, as in `ScannedRange`. */
  readonly rangeFrom: number;
  readonly rangeTo: number;

  /** What was scanned. One argument a field: an object for them would cost more than all else. */
  constructor(
    receiver: string,
    receivedS: number,
    range: Omit<ScannedRange, "to">,
    text: ByteText,
    idFrom: number,
    idTo: number,
    receivedFrom: number,
    receivedTo: number,
  ) {
    this.receiver = receiver;
    this.receivedS = receivedS;
    this.startUs = range.startUs;
    this.endUs = range.endUs;
    this.text = text;
    this.idFrom = idFrom;
    this.idTo = idTo;
    this.receivedFrom = receivedFrom;
    this.receivedTo = receivedTo;
    this.timeFrom = range.timeFrom;
    this.timeTo = range.timeTo;
    this.rangeFrom = range.rangeFrom;
    this.rangeTo = range.rangeTo;
  }

  /** How many bytes {@link ScannedSighting.copyTo} writes. */
  get bytes(): number {
    return this.idTo - this.idFrom + this.receivedTo - this.receivedFrom +
      (this.timeFrom === NOT_FOUND ? 0 : this.timeTo - this.timeFrom) +
      (this.rangeFrom === NOT_FOUND ? 0 : this.rangeTo - this.rangeFrom);
  }

  /** The same in other bytes, written at `at`. */
  copyTo(target: ByteText, at: number): ScannedSighting {
    const { receiver, receivedS, startUs, endUs, text, timeFrom, rangeFrom } = this;
    const idTo = copySpan({ text, from: this.idFrom, to: this.idTo }, target, at);
    const receivedTo = copySpan(
      { text, from: this.receivedFrom, to: this.receivedTo },
      target,
      idTo,
    );
    const timeTo = timeFrom === NOT_FOUND
      ? receivedTo
      : copySpan({ text, from: timeFrom, to: this.timeTo }, target, receivedTo);
    const rangeTo = rangeFrom === NOT_FOUND
      ? timeTo
      : copySpan({ text, from: rangeFrom, to: this.rangeTo }, target, timeTo);
    const range = {
      startUs,
      endUs,
      timeFrom: timeFrom === NOT_FOUND ? NOT_FOUND : receivedTo,
      timeTo,
      rangeFrom: rangeFrom === NOT_FOUND ? NOT_FOUND : timeTo,
      rangeTo,
    };
    return new ScannedSighting(receiver, receivedS, range, target, at, idTo, idTo, receivedTo);
  }
}

/** A sighting that was not scanned in the usual form, in bytes of its own. */
export function toScannedSighting(sighting: Sighting): ScannedSighting {
  if (sighting instanceof ScannedSighting) return sighting;
  const { receiver, receivedS, startUs, endUs } = sighting;
  const id = formatString(receiver);
  const { text, to } = toByteSpan(`${id}:${formatFloat(receivedS)}`);
  const nowhere = {
    timeFrom: NOT_FOUND,
    timeTo: NOT_FOUND,
    rangeFrom: NOT_FOUND,
    rangeTo: NOT_FOUND,
  };
  const range = { startUs, endUs, ...nowhere };
  return new ScannedSighting(receiver, receivedS, range, text, 0, id.length, id.length + 1, to);
}
