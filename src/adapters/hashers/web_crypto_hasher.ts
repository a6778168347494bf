import type { Hasher } from "../../ports/hasher.ts";
import { type SyncHasher, wasmHasher } from "./wasm_hasher.ts";

/**
 * SHA-256 by the platform's own Web Crypto, on other threads; streams, which it does not have, by
 * {@link wasmHasher}, loaded with the first.
 *
 * @throws {TypeError} where there is no Web Crypto, as in a page on plain http.
 */
export function webCryptoHasher(): Hasher {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) throw new TypeError("Cannot hash with Web Crypto: it is not here");
  let streams: Promise<SyncHasher> | undefined;
  return {
    async digest(bytes) {
      return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
    },
    async stream() {
      return (await (streams ??= wasmHasher())).stream();
    },
  };
}

/** The best {@link Hasher} there is here: Web Crypto, or WebAssembly where that is missing. */
export async function bestHasher(): Promise<Hasher> {
  return globalThis.crypto?.subtle === undefined ? await wasmHasher() : webCryptoHasher();
}
