/** What must hold in a page that came over plain http, where there is no Web Crypto. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bestHasher, webCryptoHasher } from "../../src/adapters/hashers/web_crypto_hasher.ts";
import { toDigestText } from "../../src/core/archive/digest_text.ts";

test("bestHasher hashes without Web Crypto", async () => {
  assert.equal(globalThis.crypto.subtle, undefined, "this page has Web Crypto");
  assert.throws(webCryptoHasher, TypeError);
  const digest = await (await bestHasher()).digest(new TextEncoder().encode("abc"));
  // FIPS 180-2, appendix B.1
  assert.equal(toDigestText(digest), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
});
