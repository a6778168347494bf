/** Compresses and decompresses bytes, synchronously. */
export interface ByteCompressor {
  /** Bytes from which {@link ByteCompressor.decompress} makes the same again, in a buffer of their own. */
  compress(bytes: Uint8Array): Uint8Array;

  /** The `length` bytes that were compressed, for the caller to keep. */
  decompress(compressed: Uint8Array, length: number): Uint8Array;
}
