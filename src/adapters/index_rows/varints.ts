import { DamagedIndexError } from "./damaged_index_error.ts";

const SEAL_BYTES = 2;

/** Writes whole numbers from 0 to 2^31 - 1, seven bits a byte, behind a checksum. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = SEAL_BYTES;

  /** Adds a number. */
  number(value: number): void {
    if (this.#length + 5 > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = rest & 0x7f | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** All that was written, with its checksum in front. */
  sealed(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    const sum = checksum(bytes);
    bytes[0] = sum >> 8;
    bytes[1] = sum & 0xff;
    return bytes;
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = SEAL_BYTES;

  /** @throws {DamagedIndexError} when the checksum is wrong. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    if (bytes.length < SEAL_BYTES || (bytes[0]! << 8 | bytes[1]!) !== checksum(bytes)) {
      throw new DamagedIndexError("the checksum of a row is wrong");
    }
  }

  /** Whether all numbers were read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws {DamagedIndexError} when there is no number. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new DamagedIndexError("a number has no end");
  }
}

/** Fletcher's checksum of all bytes behind the seal: finds torn and flipped bytes. */
function checksum(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = SEAL_BYTES; at < bytes.length; at++) {
    low = (low + bytes[at]!) % 255;
    high = (high + low) % 255;
  }
  return high << 8 | low;
}
