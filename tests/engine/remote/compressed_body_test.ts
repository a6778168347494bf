import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { compressBody, decompressBody } from "../../../src/engine/remote/compressed_body.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";

test("compressBody makes chat smaller, and decompressBody gives it back", async () => {
  const text = new TextEncoder().encode('{"line":"PRIVMSG #forsen :hi"}\n'.repeat(1000));
  const { body, contentEncoding } = await compressBody(text);
  assert.equal(contentEncoding, "gzip");
  assert.ok(body.length < text.length / 10);
  assert.deepEqual(await decompressBody(body, text.length), text);
});

test("compressBody leaves what it cannot make smaller", async () => {
  for (const bytes of [new Uint8Array(0), someBytes(100), someBytes(10_000)]) {
    const { body, contentEncoding } = await compressBody(bytes);
    assert.equal(contentEncoding, undefined);
    assert.deepEqual(body, bytes);
  }
});

test("decompressBody takes nothing that is not the file that was told", async () => {
  const file = new Uint8Array(5000).fill(65);
  const whole = gzipSync(file);
  assert.deepEqual(await decompressBody(whole, 5000), file);
  assert.equal(await decompressBody(whole, 4999), undefined);
  assert.equal(await decompressBody(whole, 5001), undefined);
  assert.equal(await decompressBody(whole.subarray(0, whole.length - 9), 5000), undefined);
  assert.equal(await decompressBody(someBytes(100), 100), undefined);
  assert.equal(await decompressBody(new Uint8Array(0), 0), undefined);
});

test("decompressBody stops at the length that was told, whatever the body holds", async () => {
  const bomb = gzipSync(new Uint8Array(400_000_000));
  const memory = () => process.memoryUsage().rss;
  const beforeBytes = memory();
  assert.equal(await decompressBody(bomb, 1000), undefined);
  assert.ok(memory() - beforeBytes < 200_000_000, `${memory() - beforeBytes} bytes more`);
});
