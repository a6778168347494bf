import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import { freeMemory } from "../../core/recording/free_memory.ts";

// Chat is so repetitive that a higher level gains little: a sixth or seventh is left.
const LEVEL = 1;
// With a large enough chunk zlib allocates its output once; it is larger than the pool that small buffers
// share.
const SPARE_BYTES = 8_192;

/** Deflate by `node:zlib`, as Deno and Node have it. */
export function nodeCompressor(): ByteCompressor {
  return {
    compress(bytes) {
      const chunkSize = bytes.length + SPARE_BYTES;
      return ownCopy(deflateRawSync(bytes, { level: LEVEL, chunkSize }), chunkSize);
    },
    decompress(compressed, length) {
      const chunkSize = length + SPARE_BYTES;
      return ownCopy(inflateRawSync(compressed, { chunkSize }), chunkSize);
    },
  };
}

/**
 * The output in a buffer of its length. The one of zlib, `allocated` bytes long, is freed at once:
 * left to a garbage collector, those of a busy minute take more memory than compressing saves.
 */
export function ownCopy(answer: Uint8Array, allocated: number): Uint8Array {
  const bytes = new Uint8Array(answer);
  if (answer.buffer.byteLength === allocated) freeMemory(new Uint8Array(answer.buffer));
  return bytes;
}
