import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";

// Chat repeats itself so much that more effort gains little: a sixth or seventh is left.
const LEVEL = 1;

/** Deflate by `node:zlib`, as Deno and Node have it. */
export function nodeCompressor(): ByteCompressor {
  return {
    // A copy, because the buffer of the answer may be much larger than the answer.
    compress: (bytes) => new Uint8Array(deflateRawSync(bytes, { level: LEVEL })),
    decompress(compressed, length) {
      const bytes = new Uint8Array(length);
      bytes.set(inflateRawSync(compressed, { maxOutputLength: length }));
      return bytes;
    },
  };
}
