import { createHash } from "node:crypto";
import type { SyncHasher } from "./wasm_hasher.ts";

/**
 * SHA-256 by `node:crypto`, as Deno and Node have it, at once and without a copy of the bytes: Web
 * Crypto copies a whole batch before it begins, and the copies of a busy minute take as much memory
 * as the batches.
 */
export function nodeHasher(): SyncHasher {
  return {
    digest: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    stream() {
      const hash = createHash("sha256");
      let isEnded = false;
      const checkOpen = () => {
        if (isEnded) throw new TypeError("Cannot hash: the stream has ended");
      };
      return {
        update: (bytes) => (checkOpen(), void hash.update(bytes)),
        digest() {
          checkOpen();
          isEnded = true;
          return new Uint8Array(hash.digest());
        },
      };
    },
  };
}
