import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { nodeCompressor } from "../../src/adapters/compressors/node_compressor.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "compressor";
const CHUNK_BYTES = 65_536;

/** Bytes of which `variety` different ones occur: all 256 cannot be compressed. */
function bytesOf(length: number, variety: number): Uint8Array {
  const random = seededRandom(`${SEED} ${length} ${variety}`);
  return Uint8Array.from({ length }, () => intBelow(random, variety));
}

test("nodeCompressor gives back what was compressed, in buffers of their own", () => {
  const compressor = nodeCompressor();
  for (const length of [1, 2, 1_000, 4_096, CHUNK_BYTES, 3 * CHUNK_BYTES + 1]) {
    for (const variety of [1, 2, 16, 256]) {
      const bytes = bytesOf(length, variety);
      const compressed = compressor.compress(bytes);
      const again = compressor.decompress(compressed, length);
      assert.deepEqual(again, bytes, `${length} of ${variety}: replay with SIM_SEED=${SEED}`);
      for (const each of [compressed, again]) assert.equal(each.buffer.byteLength, each.length);
    }
  }
});

const canFree = "transfer" in ArrayBuffer.prototype;
const skip = canFree ? false : "this runtime frees buffers by its garbage collector alone";

test("nodeCompressor leaves no buffers to the garbage collector", { skip }, () => {
  const compressor = nodeCompressor();
  const bytes = bytesOf(CHUNK_BYTES, 16);
  const before = process.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 300; i++) {
    const compressed = compressor.compress(bytes);
    const again = compressor.decompress(compressed, CHUNK_BYTES);
    for (const each of [compressed, again]) (each.buffer as ArrayBuffer).transfer(0);
    most = Math.max(most, process.memoryUsage().external - before);
  }
  // 300 answers to compressing alone would be 20 MB, as many to decompressing as much again.
  assert.ok(most < 4 * 1024 * 1024, `${most} bytes were left`);
});
