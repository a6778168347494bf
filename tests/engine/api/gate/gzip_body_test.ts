import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { gzipped, isWorthGzip } from "../../../../src/engine/api/gate/gzip_body.ts";
import { collect } from "../../../../src/testing/suites/suite.ts";

const JSON_TYPE = "application/json; charset=utf-8";

function isWorth(accepts: string | undefined, type = JSON_TYPE, lengthBytes?: number): boolean {
  const headers = accepts === undefined ? {} : { "accept-encoding": accepts };
  return isWorthGzip(new Request("http://h/", { headers }), { type, lengthBytes });
}

test("isWorthGzip is what is text, of a kilobyte at least or of unknown length", () => {
  for (const type of [JSON_TYPE, "text/html", "application/x-ndjson", "application/openapi+json"]) {
    assert.equal(isWorth("gzip", type), true, type);
  }
  for (const type of ["", "image/png", "application/octet-stream", "x-text/plain"]) {
    assert.equal(isWorth("gzip", type), false, type);
  }
  assert.equal(isWorth("gzip", JSON_TYPE, 1_023), false);
  assert.equal(isWorth("gzip", JSON_TYPE, 1_024), true);
});

test("isWorthGzip goes by what the caller takes", () => {
  for (
    const [accepts, expected] of [
      [undefined, false],
      ["", false],
      ["br", false],
      ["GZIP", true],
      ["x-gzip", true],
      ["br, gzip;q=0.1", true],
      ["gzip;q=0", false],
      ["gzip; q=0.0", false],
      ["*", true],
      ["*;q=0", false],
      ["gzip;q=0, *", false],
      ["*;q=0, gzip", true],
      ["gzip;level=9;q=1", true],
    ] as const
  ) assert.equal(isWorth(accepts), expected, `${accepts}`);
});

test("gzipped packs pieces as they come, and ends its source when nobody reads on", async () => {
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
  const packed = await collect(gzipped(source()));
  const text = gunzipSync(Buffer.concat(packed)).toString();
  assert.equal(text.split("\n").length, 101);
  assert.ok(text.startsWith("0 x") && text.includes("\n99 x"));
  isEnded = false;
  for await (const _ of gzipped(source())) break;
  // Node 24 ends it a few turns of the event loop later.
  for (let i = 0; i < 1_000 && !isEnded; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isEnded);
});
