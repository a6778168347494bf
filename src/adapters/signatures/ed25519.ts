import { ChatloomError } from "../../core/errors/errors.ts";
import type { SignatureCheck, Signer } from "../../ports/crypto/signer.ts";

const ALGORITHM = "Ed25519";

/** A new private key, as PEM of PKCS #8: what `openssl genpkey -algorithm ed25519` writes. */
export async function newSigningKey(): Promise<string> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign"]) as CryptoKeyPair;
  const bytes = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

/**
 * The signer with the private key in `pem`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is no private key of Ed25519 in PEM of PKCS #8.
 */
export async function ed25519Signer(pem: string): Promise<Signer> {
  const [, base64 = ""] = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem) ?? [];
  try {
    const bytes = Uint8Array.from(atob(base64.replace(/\s/g, "")), (each) => each.charCodeAt(0));
    const key = await crypto.subtle.importKey("pkcs8", bytes, ALGORITHM, true, ["sign"]);
    // Web Crypto has no other way from a private key to its public one.
    const { x = "" } = await crypto.subtle.exportKey("jwk", key);
    const text = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
    return {
      publicKey: Uint8Array.from(text, (each) => each.charCodeAt(0)),
      async sign(message) {
        const copy = new Uint8Array(message);
        return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, copy));
      },
    };
  } catch (cause) {
    throw new ChatloomError(
      "INPUT_UNREADABLE",
      "Cannot sign: it is no private key of Ed25519 (PEM of PKCS #8)",
      { cause },
    );
  }
}

/** Checks signatures of Ed25519. False also for a public key that is none. */
export const checkEd25519: SignatureCheck = async (bytes, { publicKey, signature }) => {
  try {
    const raw = new Uint8Array(publicKey);
    const key = await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["verify"]);
    const copy = new Uint8Array(signature);
    return await crypto.subtle.verify(ALGORITHM, key, copy, new Uint8Array(bytes));
  } catch {
    return false;
  }
};
