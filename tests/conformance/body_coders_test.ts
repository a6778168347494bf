import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as zlib from "node:zlib";
import { nodeBodyCoders } from "../../src/adapters/compressors/node_body_coders.ts";
import type { BodyCoder } from "../../src/ports/http.ts";
import { collect } from "../../src/testing/suites/suite.ts";

const UNPACK: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  zstd: (bytes) =>
    (zlib as unknown as { zstdDecompressSync(bytes: Uint8Array): Uint8Array })
      .zstdDecompressSync(bytes),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  gzip: (bytes) => zlib.gunzipSync(bytes),
  deflate: (bytes) => zlib.inflateSync(bytes),
};

interface Unpacker {
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  write(bytes: Uint8Array, done: () => void): unknown;
  destroy(): unknown;
}

const OPEN: Readonly<Record<string, () => Unpacker>> = {
  zstd: () => (zlib as unknown as { createZstdDecompress(): Unpacker }).createZstdDecompress(),
  br: () => zlib.createBrotliDecompress(),
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
};

const hasZstd = "createZstdCompress" in zlib;
const coders = nodeBodyCoders();

function each(name: string, check: (coder: BodyCoder) => Promise<void>): void {
  for (const coder of coders) test(`${coder.coding} ${name}`, () => check(coder));
}

test("nodeBodyCoders are those of the runtime, the cheapest for its gain first", () => {
  assert.deepEqual(
    coders.map(({ coding }) => coding),
    [...(hasZstd ? ["zstd"] : []), "br", "gzip", "deflate"],
  );
});

each("gives back what was put in, smaller", async ({ coding, encode }) => {
  const pieces = Array.from({ length: 300 }, (_, i) => new TextEncoder().encode(`${i} Kappa `));
  pieces.push(new TextEncoder().encode("LUL ".repeat(200_000)), new Uint8Array());
  const source = async function* () {
    yield* pieces;
  };
  const packed = Buffer.concat(await collect(encode(source())));
  assert.deepEqual(Buffer.from(UNPACK[coding]!(packed)), Buffer.concat(pieces));
  assert.ok(packed.length < Buffer.concat(pieces).length / 20, `${packed.length} bytes`);
});

each("packs an empty body", async ({ coding, encode }) => {
  const source = async function* (): AsyncGenerator<Uint8Array> {};
  assert.equal(UNPACK[coding]!(Buffer.concat(await collect(encode(source())))).length, 0);
});

each("sends what there is while the next piece is waited for", async ({ coding, encode }) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const source = async function* () {
    yield new TextEncoder().encode("the first line\n");
    await released;
    yield new TextEncoder().encode("the second\n");
  };
  const body = encode(source());
  let text = "";
  const unpacker = OPEN[coding]!();
  unpacker.on("data", (bytes) => text += new TextDecoder().decode(bytes));
  while (text !== "the first line\n") {
    const step = await body.next(); // Waits for ever if the line is held back.
    await new Promise<void>((resolve) => unpacker.write(step.value!, () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  release();
  assert.ok((await collect(body)).length > 0);
  unpacker.destroy();
});

each("ends its source at once, also while a piece is waited for", async ({ encode }) => {
  let isEnded = false;
  const never = new Promise<IteratorResult<Uint8Array>>(() => {});
  const body = encode({
    next: () => never,
    return() {
      isEnded = true;
      return Promise.resolve({ done: true, value: undefined });
    },
  });
  body.next().catch(() => {});
  await body.return!();
  assert.ok(isEnded);
});

each("fails as its source does", async ({ encode }) => {
  const source = async function* () {
    yield new Uint8Array(10);
    throw new Error("the store is gone");
  };
  await assert.rejects(collect(encode(source())), /the store is gone/);
});

each("reads one piece ahead at most", async ({ encode }) => {
  let read = 0;
  const source = async function* () {
    for (; read < 100; read++) yield new Uint8Array(crypto.getRandomValues(new Uint8Array(50_000)));
  };
  const body = encode(source());
  await body.next();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(read <= 3, `${read} pieces were read for the first`);
  await body.return!();
});
