import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { nodeGzip } from "../../../src/adapters/compressors/node_gzip.ts";
import { compressBody, platformGzip } from "../../../src/engine/remote/compressed_body.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";

for (const [name, gzip] of [["platformGzip", platformGzip], ["nodeGzip", nodeGzip()]] as const) {
  test(`compressBody makes chat smaller, and ${name} gives it back`, async () => {
    for (const count of [1_000, 100_000]) {
      const text = new TextEncoder().encode('{"line":"PRIVMSG #forsen :hi"}\n'.repeat(count));
      const { body, contentEncoding } = await compressBody(text, gzip);
      assert.equal(contentEncoding, "gzip");
      assert.ok(body.length < text.length / 10);
      for (const reader of [platformGzip, nodeGzip()]) {
        assert.deepEqual(asBytes(await reader.decompress(body, text.length)), text);
      }
    }
  });

  test(`compressBody leaves what ${name} cannot make smaller`, async () => {
    for (const bytes of [new Uint8Array(0), someBytes(100), someBytes(10_000)]) {
      const { body, contentEncoding } = await compressBody(bytes, gzip);
      assert.equal(contentEncoding, undefined);
      assert.deepEqual(body, bytes);
    }
  });

  test(`${name} takes nothing that is not the file that was told`, async () => {
    for (const length of [5_000, 5_000_000]) {
      const file = new Uint8Array(length).fill(65);
      const whole = gzipSync(file);
      assert.deepEqual(asBytes(await gzip.decompress(whole, length)), file);
      assert.equal(await gzip.decompress(whole, length - 1), undefined);
      assert.equal(await gzip.decompress(whole, length + 1), undefined);
      assert.equal(await gzip.decompress(whole.subarray(0, whole.length - 9), length), undefined);
      assert.equal(await gzip.decompress(someBytes(100), length), undefined);
    }
    assert.equal(await gzip.decompress(new Uint8Array(0), 0), undefined);
  });

  test(`${name} stops at the length that was told, whatever the body holds`, async () => {
    const bomb = gzipSync(new Uint8Array(400_000_000));
    const memory = () => process.memoryUsage().rss;
    for (const length of [1_000, 1_000_000]) {
      const beforeBytes = memory();
      assert.equal(await gzip.decompress(bomb, length), undefined);
      assert.ok(memory() - beforeBytes < 200_000_000, `${memory() - beforeBytes} bytes more`);
    }
  });
}

function asBytes(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes);
}
