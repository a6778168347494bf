import { type ByteText, copySpan, toByteSpan } from "./byte_text.ts";
import { NOT_FOUND } from "./canonical_scan.ts";
import { formatFloat, formatString } from "../json/canonical_json.ts";
import type { ScannedRange } from "./scanned_range.ts";
import type { Sighting } from "../grouping/sighting.ts";
import type { Micros } from "../time.ts";

/** A sighting with the places of its parts in canonical form, so that writing it is copying. */
export class ScannedSighting implements Sighting {
  readonly receiver: string;
  readonly receivedS: number;
  /** Its own range, with its places in that text. */
  readonly range: ScannedRange;
  /** The text that has all its parts. */
  readonly text: ByteText;
  /** The id of its receiver, quotes included. */
  readonly idFrom: number;
  readonly idTo: number;
  /** The received time. */
  readonly receivedFrom: number;
  readonly receivedTo: number;
  /** Where all of it ends. */
  readonly to: number;

  /** A sighting as scanned. One argument a field: an object for them would be made for each line. */
  constructor(
    receiver: string,
    receivedS: number,
    range: ScannedRange,
    text: ByteText,
    idFrom: number,
    idTo: number,
    receivedFrom: number,
    receivedTo: number,
    to: number,
  ) {
    this.receiver = receiver;
    this.receivedS = receivedS;
    this.range = range;
    this.text = text;
    this.idFrom = idFrom;
    this.idTo = idTo;
    this.receivedFrom = receivedFrom;
    this.receivedTo = receivedTo;
    this.to = to;
  }

  /** Of its own range. */
  get startUs(): Micros {
    return this.range.startUs;
  }

  /** Of its own range. */
  get endUs(): Micros {
    return this.range.endUs;
  }

  /** How many bytes {@link ScannedSighting.copyTo} writes. */
  get bytes(): number {
    const { timeFrom, timeTo, rangeFrom, rangeTo } = this.range;
    return this.idTo - this.idFrom + this.receivedTo - this.receivedFrom +
      (timeFrom === NOT_FOUND ? 0 : timeTo - timeFrom) +
      (rangeFrom === NOT_FOUND ? 0 : rangeTo - rangeFrom);
  }

  /** The same in other bytes, written at `at`. */
  copyTo(target: ByteText, at: number): ScannedSighting {
    const { receiver, receivedS, text } = this;
    const { startUs, endUs, timeFrom, rangeFrom } = this.range;
    const idTo = copySpan({ text, from: this.idFrom, to: this.idTo }, target, at);
    const receivedTo = copySpan(
      { text, from: this.receivedFrom, to: this.receivedTo },
      target,
      idTo,
    );
    const timeTo = timeFrom === NOT_FOUND
      ? receivedTo
      : copySpan({ text, from: timeFrom, to: this.range.timeTo }, target, receivedTo);
    const rangeTo = rangeFrom === NOT_FOUND
      ? timeTo
      : copySpan({ text, from: rangeFrom, to: this.range.rangeTo }, target, timeTo);
    const range = {
      startUs,
      endUs,
      timeFrom: timeFrom === NOT_FOUND ? NOT_FOUND : receivedTo,
      timeTo,
      rangeFrom: rangeFrom === NOT_FOUND ? NOT_FOUND : timeTo,
      rangeTo,
    };
    return new ScannedSighting(
      receiver,
      receivedS,
      range,
      target,
      at,
      idTo,
      idTo,
      receivedTo,
      rangeTo,
    );
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
  return new ScannedSighting(receiver, receivedS, range, text, 0, id.length, id.length + 1, to, to);
}
