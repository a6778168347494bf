import { LINE_FEED } from "../../../core/bytes.ts";
import type { LineMarks } from "../../../core/scan/line_marks.ts";

/** A hash of 53 bits of units that come one by one. */
class UnitHash {
  #high = 0;
  #low = 0;

  /** Forgets all units. */
  begin(): this {
    this.#high = 0x9e3779b9;
    this.#low = 0x85ebca6b;
    return this;
  }

  addText(text: string): this {
    let [high, low] = [this.#high, this.#low];
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x9e3779b1);
      low = Math.imul(low ^ unit, 0x5f356495);
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  addBytes(bytes: Uint8Array, from: number, to: number): this {
    let [high, low] = [this.#high, this.#low];
    for (let at = from; at < to; at++) {
      const unit = bytes[at]!;
      high = Math.imul(high ^ unit, 0x9e3779b1);
      low = Math.imul(low ^ unit, 0x5f356495);
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  add(unit: number): this {
    this.#high = Math.imul(this.#high ^ unit, 0x9e3779b1);
    this.#low = Math.imul(this.#low ^ unit, 0x5f356495);
    return this;
  }

  end(): number {
    let [high, low] = [this.#high, this.#low];
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^
      Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    return 0x1_0000_0000 * (high & 0x1f_ffff) + (low >>> 0);
  }
}

const hash = new UnitHash();

/** A number of 53 bits that stands for a content, given as `contentKey` writes it. */
export function contentHash(key: string): number {
  return hash.begin().addText(key).end();
}

/** The {@link contentHash} of the content of a line. */
export function contentHashOfLine(line: LineMarks): number {
  const { text: { bytes } } = line;
  // The braces of `receivers` are no part of the content.
  return hash.begin()
    .addBytes(bytes, line.from, line.receiversFrom - 1).add(LINE_FEED)
    .addBytes(bytes, line.receiversTo + 1, line.timeFrom).add(LINE_FEED)
    .addBytes(bytes, line.timeTo, line.rangeFrom).add(LINE_FEED)
    .addBytes(bytes, line.rangeTo, line.to)
    .end();
}
