/** Gzip of whole files, on their way through a broker. */
export interface Gzip {
  /** Compresses bytes, in a buffer of their own. */
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;

  /**
   * Decompresses what is a gzip of `lengthBytes` bytes. Takes no more memory than that and a little, whatever the
   * body claims to hold. Never throws because of what the body is.
   *
   * @returns a buffer of its own; `undefined` when it is no gzip, or holds more or fewer bytes.
   */
  decompress(
    body: Uint8Array,
    lengthBytes: number,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}
