import { LINE_FEED } from "../bytes.ts";

/** Lines of a batch as bytes, in one array that grows: scratch for a line that is being written. */
export class LineBytes {
  /** The bytes; only the first {@link LineBytes.length} count. Another array after each growth. */
  bytes: Uint8Array = new Uint8Array(1024);
  /** How many bytes were added. */
  length = 0;

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    // Quiet channels stay small; busy ones do not copy their bytes over and over.
    const factor = this.bytes.length < LARGE_BYTES ? 8 : 2;
    const grown = new Uint8Array(Math.max(needed, factor * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Adds a line and its line feed. Pure ASCII only. */
  addLine(text: string): void {
    this.reserve(text.length + 1);
    ASCII.encodeInto(text, this.bytes.subarray(this.length));
    this.length += text.length;
    this.bytes[this.length++] = LINE_FEED;
  }

  /** Removes all bytes; frees memory that only an unusual line needs. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_MAX_BYTES) this.bytes = new Uint8Array(1024);
  }
}

const ASCII = new TextEncoder();
const LARGE_BYTES = 65_536;
const KEPT_MAX_BYTES = 1_048_576;
