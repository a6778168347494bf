/** A SHA-256 of a stream of chunks. */
export interface HashStream {
  /** Adds `bytes`; the caller keeps them and may change them afterwards. */
  update(bytes: Uint8Array): void;

  /**
   * The 32 bytes of the digest of all added bytes, for the caller to keep. Ends the stream: any
   * further call throws a `TypeError`.
   */
  digest(): Uint8Array;
}

/**
 * SHA-256, by the best implementation of the platform. Implementations prove themselves with `hasherSuite`.
 *
 * The result comes at once or as a promise: `await` takes both. Simulated worlds need the former.
 */
export interface Hasher {
  /**
   * The 32 bytes of the SHA-256 of `bytes`, which must not change until the result is there. They are the
   * caller's to keep.
   */
  digest(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;

  /** Starts a digest of bytes that come in chunks. Any number of streams run beside each other. */
  stream(): HashStream | Promise<HashStream>;
}
