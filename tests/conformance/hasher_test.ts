import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { bestHasher, webCryptoHasher } from "../../src/adapters/hashers/web_crypto_hasher.ts";
import type { Hasher, HashStream } from "../../src/ports/hasher.ts";
import { hasherSuite } from "../../src/testing/mod.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { doesFail } from "./suite_outcome.ts";

hasherSuite({
  test: (name, body) => test(`webCryptoHasher: ${name}`, body),
  open: webCryptoHasher,
});
hasherSuite({ test: (name, body) => test(`nodeHasher: ${name}`, body), open: nodeHasher });
hasherSuite({ test: (name, body) => test(`wasmHasher: ${name}`, body), open: wasmHasher });

test("bestHasher is Web Crypto where it is, and WebAssembly where it is not", async () => {
  assert.ok((await bestHasher()).digest(new Uint8Array(1)) instanceof Promise);
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  try {
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
    assert.ok((await bestHasher()).digest(new Uint8Array(1)) instanceof Uint8Array);
    assert.throws(() => webCryptoHasher(), TypeError);
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "crypto", own);
    else delete (globalThis as { crypto?: unknown }).crypto;
  }
});

test("hashers agree with each other and with OpenSSL on random lengths and pieces", async () => {
  const seed = process.env["HASH_SEED"] ?? "hashers";
  const random = seededRandom(seed);
  const hashers = [webCryptoHasher(), await wasmHasher()];
  for (let i = 0; i < 60; i++) {
    const length = Math.floor(random.next() ** 4 * 150_000);
    const bytes = Uint8Array.from({ length }, () => random.next() * 256);
    const wanted = createHash("sha256").update(bytes).digest("hex");
    for (const hasher of hashers) {
      const stream = await hasher.stream();
      for (let at = 0; at < length;) {
        const size = 1 + Math.floor(random.next() ** 3 * length);
        stream.update(bytes.subarray(at, at += size));
      }
      const digests = [await hasher.digest(bytes), stream.digest()];
      for (const digest of digests) {
        assert.equal(Buffer.from(digest).toString("hex"), wanted, `HASH_SEED=${seed}, input ${i}`);
      }
    }
  }
});

function changed(change: (right: Hasher) => Partial<Hasher>): () => Promise<Hasher> {
  return async () => {
    const right = await wasmHasher();
    const rest = { digest: right.digest.bind(right), stream: right.stream.bind(right) };
    return { ...rest, ...change(right) };
  };
}

const MISTAKES: Record<string, [noticedBy: RegExp, open: () => Promise<Hasher>]> = {
  "digests the whole buffer": [
    /only the part/,
    changed((right) => ({ digest: (bytes) => right.digest(new Uint8Array(bytes.buffer)) })),
  ],
  "gives the same 32 bytes again and again": [
    /that the caller keeps/,
    changed((right) => {
      const shared = new Uint8Array(32);
      return {
        digest: (bytes) => {
          shared.set(right.digest(bytes) as Uint8Array);
          return shared;
        },
      };
    }),
  ],
  "has one stream for all": [
    /beside each other/,
    changed((right) => {
      const stream = right.stream() as HashStream;
      return { stream: () => stream };
    }),
  ],
  "remembers pieces instead of their bytes": [
    /leaves the bytes to the caller/,
    changed((right) => ({
      stream: () => {
        const pieces: Uint8Array[] = [];
        return {
          update: (bytes) => void pieces.push(bytes),
          digest: () => {
            const stream = right.stream() as HashStream;
            for (const piece of pieces) stream.update(piece);
            return stream.digest();
          },
        };
      },
    })),
  ],
  "counts the length in 16 bits": [
    /million/,
    changed((right) => ({ digest: (bytes) => right.digest(bytes.subarray(0, 65535)) })),
  ],
  "starts over after its digest": [
    /ends with its digest/,
    changed((right) => ({
      stream: () => {
        let stream = right.stream() as HashStream;
        return {
          update: (bytes) => stream.update(bytes),
          digest: () => {
            const digest = stream.digest();
            stream = right.stream() as HashStream;
            return digest;
          },
        };
      },
    })),
  ],
};

for (const [mistake, [noticedBy, open]] of Object.entries(MISTAKES)) {
  test(`hasherSuite notices a hasher that ${mistake}`, async () => {
    const isNoticed = await doesFail(noticedBy, (test) => hasherSuite({ test, open }));
    assert.ok(isNoticed);
  });
}
