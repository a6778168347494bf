import type { ByteCompressor } from "./byte_compressor.ts";
import { Lru } from "../lru.ts";
import { freeMemory } from "./free_memory.ts";

const CHUNK_MIN_BYTES = 1_024;
const CHUNK_MAX_BYTES = 65_536;
/** How many chunks stay decompressed for readers: half a megabyte. */
const UNPACKED = {
  countMax: 8,
  onEvict: (_: number, bytes: Uint8Array): void => freeMemory(bytes),
};

/**
 * Bytes that grow at the end, in chunks: what is there is never copied to make room, and at most half
 * of what is held lies empty, but for the first kilobyte.
 *
 * With a compressor each chunk of full size is compressed once it is full. Reading is then fast where
 * it goes forward, in a few places at a time.
 */
export class ChunkedBytes {
  readonly #compressor: ByteCompressor | undefined;
  /** Each as it is held; empty once it was freed. */
  readonly #chunks: Uint8Array[] = [];
  /** Where each chunk begins. */
  readonly #starts: number[] = [];
  /** Compressed chunks that were read of late. */
  readonly #unpacked = new Lru<number, Uint8Array>(UNPACKED);
  #length = 0;
  #capacity = 0;
  #heldBytes = 0;
  /** How many chunks from the first on were freed. */
  #freed = 0;

  /** Empty. Chunks are compressed by `compressor`, if there is one. */
  constructor(compressor?: ByteCompressor) {
    this.#compressor = compressor;
  }

  /** How many bytes were added. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes of memory are held for them. */
  get heldBytes(): number {
    return this.#heldBytes + CHUNK_MAX_BYTES * this.#unpacked.size;
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
      const piece = this.#bytesOf(i).subarray(begin, begin + to - from);
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

  /** Frees the bytes before `offset`, which are not read again. */
  freeBefore(offset: number): void {
    for (; this.#freed < this.#chunks.length; this.#freed++) {
      if (this.#endOf(this.#freed) > offset) return;
      this.#free(this.#freed);
    }
  }

  /** Frees the chunks that were decompressed for reading. */
  repack(): void {
    for (const [i] of this.#unpacked.entries()) this.#forget(i);
  }

  /** Removes all bytes and frees their memory. */
  clear(): void {
    for (const i of this.#chunks.keys()) this.#free(i);
    this.#chunks.length = 0;
    this.#starts.length = 0;
    this.#length = 0;
    this.#capacity = 0;
    this.#freed = 0;
  }

  #grow(): void {
    // Doubles the size: quiet channels stay small.
    const size = Math.min(Math.max(this.#length, CHUNK_MIN_BYTES), CHUNK_MAX_BYTES);
    const chunk = this.#packLast() ?? new Uint8Array(size);
    this.#starts.push(this.#capacity);
    this.#chunks.push(chunk);
    this.#capacity += size;
    this.#heldBytes += size;
  }

  /** Compresses the last chunk if it is worth it; returns the memory that is free for the next. */
  #packLast(): Uint8Array | undefined {
    const chunk = this.#chunks.at(-1);
    if (this.#compressor === undefined || chunk?.length !== CHUNK_MAX_BYTES) return undefined;
    const packed = this.#compressor.compress(chunk);
    // As long as this it would be taken for a chunk that is not compressed.
    if (packed.length >= CHUNK_MAX_BYTES) return undefined;
    this.#chunks[this.#chunks.length - 1] = packed;
    this.#heldBytes += packed.length - chunk.length;
    return chunk;
  }

  #bytesOf(i: number): Uint8Array {
    const chunk = this.#chunks[i]!;
    const length = this.#endOf(i) - this.#starts[i]!;
    if (chunk.length === length) return chunk;
    const known = this.#unpacked.get(i);
    if (known !== undefined) return known;
    const bytes = this.#compressor!.decompress(chunk, length);
    this.#unpacked.set(i, bytes);
    return bytes;
  }

  #endOf(i: number): number {
    return this.#starts[i + 1] ?? this.#capacity;
  }

  #free(i: number): void {
    this.#heldBytes -= this.#chunks[i]!.length;
    freeMemory(this.#chunks[i]!);
    this.#chunks[i] = new Uint8Array();
    this.#forget(i);
  }

  #forget(i: number): void {
    const bytes = this.#unpacked.get(i);
    if (bytes !== undefined) freeMemory(bytes);
    this.#unpacked.delete(i);
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
