/** A SHA-256 that is fed piece by piece. */
export interface HashStream {
  /** Takes in `bytes`; the caller keeps them and may change them afterwards. */
  update(bytes: Uint8Array): void;

  /**
   * The 32 bytes of the digest of all that came in, for the caller to keep. Ends the stream: any
   * further call throws a `TypeError`.
   */
  digest(): Uint8Array;
}

/**
 * SHA-256, by whatever does it best here. Implementations prove themselves with `hasherSuite`.
 *
 * The answer may come at once or as a promise: `await` takes both. Simulated worlds need the former.
 */
export interface Hasher {
  /**
   * The 32 bytes of the SHA-256 of `bytes`, which must not change until it is there. They are the
   * caller's to keep.
   */
  digest(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;

  /** Starts a digest of bytes that come in pieces. Any number of streams run beside each other. */
  stream(): HashStream | Promise<HashStream>;
}
