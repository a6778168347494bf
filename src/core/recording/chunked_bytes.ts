import { freeMemory } from "./free_memory.ts";

const CHUNK_MIN_BYTES = 1_024;
const CHUNK_MAX_BYTES = 65_536;

/**
 * Bytes that grow at the end, in chunks: what is there is never copied to make room, and at most half
 * of what is held lies empty, but for the first kilobyte.
 */
export class ChunkedBytes {
  readonly #chunks: Uint8Array[] = [];
  /** Where each chunk begins. */
  readonly #starts: number[] = [];
  #length = 0;
  #capacity = 0;
  /** How many chunks from the first on were freed. */
  #freed = 0;

  /** How many bytes were added. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes of memory are held for them. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Adds a copy of `bytes`. */
  add(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      if (this.#length === this.#capacity) this.#grow();
      const at = this.#length - this.#starts.at(-1)!;
      const piece = bytes.subarray(from, from + this.#capacity - this.#length);
      this.#chunks.at(-1)!.set(piece, at);
      from += piece.length;
      this.#length += piece.length;
    }
  }

  /** Copies the bytes from `from` up to `to` into `target`, at `at`. */
  copy(from: number, to: number, { target, at }: { target: Uint8Array; at: number }): void {
    for (let i = this.#chunkAt(from); from < to; i++) {
      const begin = from - this.#starts[i]!;
      const piece = this.#chunks[i]!.subarray(begin, begin + to - from);
      target.set(piece, at);
      from += piece.length;
      at += piece.length;
    }
  }

  /** A copy of the bytes from `from` up to `to`. */
  slice(from: number, to: number): Uint8Array {
    const target = new Uint8Array(to - from);
    this.copy(from, to, { target, at: 0 });
    return target;
  }

  /** Gives back the memory of what lies before `offset`, which is not read again. */
  freeBefore(offset: number): void {
    for (; this.#freed < this.#chunks.length; this.#freed++) {
      const chunk = this.#chunks[this.#freed]!;
      if (this.#starts[this.#freed]! + chunk.length > offset) return;
      freeMemory(chunk);
    }
  }

  /** Forgets all that was added, and gives its memory back. */
  clear(): void {
    for (const chunk of this.#chunks) freeMemory(chunk);
    this.#chunks.length = 0;
    this.#starts.length = 0;
    this.#length = 0;
    this.#capacity = 0;
    this.#freed = 0;
  }

  #grow(): void {
    // As much again as there is: quiet channels stay small.
    const size = Math.min(Math.max(this.#length, CHUNK_MIN_BYTES), CHUNK_MAX_BYTES);
    this.#starts.push(this.#capacity);
    this.#chunks.push(new Uint8Array(size));
    this.#capacity += size;
  }

  /** The chunk that holds the byte at `offset`. */
  #chunkAt(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
