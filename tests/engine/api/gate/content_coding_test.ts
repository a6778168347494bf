import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  chooseCoder,
  isWorthCoding,
  STREAM_GZIP,
} from "../../../../src/engine/api/gate/content_coding.ts";
import { collect } from "../../../../src/testing/suites/suite.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const CODERS = ["zstd", "br", "gzip", "deflate"].map((coding) => ({ ...STREAM_GZIP, coding }));

test("isWorthCoding is what is text, of a kilobyte at least or of unknown length", () => {
  const isWorth = (type: string, lengthBytes?: number) => isWorthCoding({ type, lengthBytes });
  for (const type of [JSON_TYPE, "text/html", "application/x-ndjson", "application/openapi+json"]) {
    assert.equal(isWorth(type), true, type);
  }
  for (
    const type of [
      "",
      "image/png",
      "application/octet-stream",
      "x-text/plain",
      "text/event-stream; charset=utf-8",
    ]
  ) {
    assert.equal(isWorth(type), false, type);
  }
  assert.equal(isWorth(JSON_TYPE, 1_023), false);
  assert.equal(isWorth(JSON_TYPE, 1_024), true);
});

test("chooseCoder goes by what the caller takes, by its weights, then by the order of the node", () => {
  for (
    const [accepts, expected] of [
      [null, undefined],
      ["", undefined],
      ["identity", undefined],
      ["snappy", undefined],
      ["br", "br"],
      ["GZIP", "gzip"],
      ["x-gzip", "gzip"],
      ["gzip, deflate, br, zstd", "zstd"],
      ["gzip, deflate, br", "br"],
      ["br;q=0.1, gzip", "gzip"],
      ["deflate;q=0.9, gzip;q=0.8", "deflate"],
      ["gzip;q=0", undefined],
      ["gzip; q=0.0", undefined],
      ["*", "zstd"],
      ["*;q=0", undefined],
      ["zstd;q=0, *", "br"],
      ["*;q=0, gzip", "gzip"],
      ["*;q=0.5, gzip", "gzip"],
      ["gzip;level=9;q=1", "gzip"],
      ["gzip;q=0.5, identity", undefined],
      ["gzip, identity;q=0.5", "gzip"],
      ["gzip;q=nonsense", undefined],
      ["gzip;q=7", undefined],
      ["identity;q=0", undefined],
    ] as const
  ) assert.equal(chooseCoder(accepts, CODERS)?.coding, expected, `${accepts}`);
});

test("STREAM_GZIP packs pieces as they come, and ends its source when the caller reads no more", async () => {
  let isEnded = false;
  const source = async function* () {
    try {
      for (let i = 0; i < 100; i++) {
        yield await Promise.resolve(new TextEncoder().encode(`${i} ${"x".repeat(50_000)}\n`));
      }
    } finally {
      isEnded = true;
    }
  };
  const packed = await collect(STREAM_GZIP.encode(source()));
  const text = gunzipSync(Buffer.concat(packed)).toString();
  assert.equal(text.split("\n").length, 101);
  assert.ok(text.startsWith("0 x") && text.includes("\n99 x"));
  isEnded = false;
  for await (const _ of STREAM_GZIP.encode(source())) break;
  // Node 24 ends it a few turns of the event loop later.
  for (let i = 0; i < 1_000 && !isEnded; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isEnded);
});
