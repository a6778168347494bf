/** Signs with a private key that it keeps. */
export interface Signer {
  /** The public key that belongs to it: 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array;

  /** The signature of `bytes`: 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Whether `signature` was made over `bytes` with the private key that belongs to `publicKey`. */
export type SignatureCheck = (
  bytes: Uint8Array,
  options: { readonly publicKey: Uint8Array; readonly signature: Uint8Array },
) => Promise<boolean>;
