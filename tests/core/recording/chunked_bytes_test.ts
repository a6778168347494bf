import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteCompressor } from "../../../src/core/recording/byte_compressor.ts";
import { ChunkedBytes } from "../../../src/core/recording/chunked_bytes.ts";

const CHUNK = 65_536;

/** Bytes that differ wherever a chunk could be taken for another. */
function bytesOf(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251);
}

/** Counts its calls; "compresses" to eight bytes, which say where the bytes are. */
class CountingCompressor implements ByteCompressor {
  compressed = 0;
  decompressed = 0;
  readonly #kept: Uint8Array[] = [];

  compress(bytes: Uint8Array): Uint8Array {
    this.compressed++;
    return new Uint8Array(8).fill(this.#kept.push(bytes.slice()) - 1);
  }

  decompress(packed: Uint8Array, length: number): Uint8Array {
    this.decompressed++;
    const bytes = this.#kept[packed[0]!]!;
    assert.equal(bytes.length, length);
    return bytes.slice();
  }
}

test("ChunkedBytes takes as much again as it has, from a kilobyte up to 64, whenever it is full", () => {
  const bytes = new ChunkedBytes();
  assert.equal(bytes.heldBytes, 0);
  bytes.add(new Uint8Array());
  assert.equal(bytes.heldBytes, 0);
  const heldAt = (length: number): number => {
    bytes.add(bytesOf(length - bytes.length, bytes.length));
    assert.equal(bytes.length, length);
    return bytes.heldBytes;
  };
  for (let size = 1_024; size <= CHUNK; size *= 2) {
    assert.equal(heldAt(size - 1), size);
    assert.equal(heldAt(size), size);
    assert.equal(heldAt(size + 1), 2 * size);
  }
  assert.equal(heldAt(2 * CHUNK + 1), 3 * CHUNK);
  assert.equal(heldAt(3 * CHUNK + 1), 4 * CHUNK);
  assert.deepEqual(bytes.slice(0, bytes.length), bytesOf(3 * CHUNK + 1));
});

test("ChunkedBytes gives back any stretch, whether it was added in one or byte by byte", () => {
  const expected = bytesOf(5_000);
  const whole = new ChunkedBytes();
  whole.add(expected);
  const singly = new ChunkedBytes();
  for (const byte of expected) singly.add(Uint8Array.of(byte));
  const edges = [0, 1, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 4_999, 5_000];
  for (const from of edges) {
    for (const to of edges.filter((to) => to >= from)) {
      assert.deepEqual(whole.slice(from, to), expected.slice(from, to), `${from} to ${to}`);
      assert.deepEqual(singly.slice(from, to), expected.slice(from, to), `${from} to ${to}`);
    }
  }
  const target = new Uint8Array(10);
  whole.copy(1_020, 1_028, { target, at: 1 });
  assert.deepEqual(target, Uint8Array.of(0, ...expected.slice(1_020, 1_028), 0));
});

test("ChunkedBytes keeps a copy: what the caller does with its bytes later is nothing to it", () => {
  const mine = bytesOf(3_000);
  const bytes = new ChunkedBytes();
  bytes.add(mine);
  mine.fill(0);
  bytes.slice(0, 10).fill(0);
  assert.deepEqual(bytes.slice(0, 3_000), bytesOf(3_000));
});

test("ChunkedBytes.freeBefore gives back the chunks that end there or before, and no other", () => {
  const bytes = new ChunkedBytes();
  bytes.add(bytesOf(4_096));
  for (
    const [offset, held] of [
      [0, 4_096],
      [1_023, 4_096],
      [1_024, 3_072],
      [1_025, 3_072],
      [2_047, 3_072],
      [2_048, 2_048],
      [2_048, 2_048],
      [4_095, 2_048],
    ] as const
  ) {
    bytes.freeBefore(offset);
    assert.equal(bytes.heldBytes, held, `before ${offset}`);
  }
  assert.deepEqual(bytes.slice(2_048, 4_096), bytesOf(2_048, 2_048));
  bytes.freeBefore(4_096);
  assert.equal(bytes.heldBytes, 0);
  bytes.freeBefore(10_000);
  assert.equal(bytes.heldBytes, 0);
});

test("ChunkedBytes.clear gives all back, and what comes then starts from nothing", () => {
  const bytes = new ChunkedBytes(new CountingCompressor());
  bytes.add(bytesOf(4 * CHUNK));
  bytes.slice(0, 2 * CHUNK);
  bytes.freeBefore(CHUNK);
  for (let round = 0; round < 2; round++) {
    bytes.clear();
    assert.deepEqual([bytes.length, bytes.heldBytes], [0, 0]);
    bytes.add(bytesOf(1_500, round));
    assert.deepEqual([bytes.length, bytes.heldBytes], [1_500, 2_048]);
    assert.deepEqual(bytes.slice(0, 1_500), bytesOf(1_500, round));
    bytes.freeBefore(1_024);
    assert.equal(bytes.heldBytes, 1_024);
  }
});

/** Ten chunks of full size and one byte more: all but the small first ones and the last are packed. */
function packed(compressor: ByteCompressor): { bytes: ChunkedBytes; content: Uint8Array } {
  const bytes = new ChunkedBytes(compressor);
  const content = bytesOf(11 * CHUNK + 1);
  bytes.add(content);
  return { bytes, content };
}

test("ChunkedBytes compresses a chunk of full size once it is full, and no smaller one", () => {
  const compressor = new CountingCompressor();
  const bytes = new ChunkedBytes(compressor);
  bytes.add(bytesOf(2 * CHUNK));
  assert.equal(compressor.compressed, 0);
  assert.equal(bytes.heldBytes, 2 * CHUNK);
  bytes.add(Uint8Array.of(2 * CHUNK % 251));
  assert.equal(compressor.compressed, 1);
  assert.equal(bytes.heldBytes, 2 * CHUNK + 8);
  assert.deepEqual(bytes.slice(0, 2 * CHUNK + 1), bytesOf(2 * CHUNK + 1));
});

test("ChunkedBytes reads what is compressed like all else, and lets go of it when asked", () => {
  const compressor = new CountingCompressor();
  const { bytes, content } = packed(compressor);
  const held = CHUNK + 10 * 8 + CHUNK;
  assert.equal(bytes.heldBytes, held);
  assert.deepEqual(bytes.slice(CHUNK - 1, 2 * CHUNK + 1), content.slice(CHUNK - 1, 2 * CHUNK + 1));
  assert.equal(bytes.heldBytes, held + 2 * CHUNK);
  bytes.repack();
  assert.equal(bytes.heldBytes, held);
  assert.deepEqual(bytes.slice(0, content.length), content);
  bytes.repack();
  assert.deepEqual(bytes.slice(5 * CHUNK, 6 * CHUNK), content.slice(5 * CHUNK, 6 * CHUNK));
});

test("ChunkedBytes keeps the eight chunks that were read last as they were", () => {
  const compressor = new CountingCompressor();
  const { bytes } = packed(compressor);
  const read = (chunk: number): number => {
    const before = compressor.decompressed;
    bytes.slice(chunk * CHUNK, chunk * CHUNK + 1);
    return compressor.decompressed - before;
  };
  for (let chunk = 1; chunk <= 8; chunk++) assert.equal(read(chunk), 1);
  for (let chunk = 1; chunk <= 8; chunk++) assert.equal(read(chunk), 0);
  assert.equal(read(1), 0); // Now the second was read longest ago.
  assert.equal(read(9), 1);
  assert.equal(read(1), 0);
  assert.equal(read(2), 1);
});

test("ChunkedBytes.freeBefore also gives back what was decompressed to be read", () => {
  const { bytes } = packed(new CountingCompressor());
  bytes.slice(CHUNK, CHUNK + 1);
  const held = bytes.heldBytes;
  bytes.freeBefore(2 * CHUNK);
  assert.equal(bytes.heldBytes, held - CHUNK - CHUNK - 8);
});

test("ChunkedBytes keeps a chunk as it is that compression does not make smaller", () => {
  for (const [longer, isPacked] of [[-1, true], [0, false], [1, false]] as const) {
    const kept: Uint8Array[] = [];
    const { bytes, content } = packed({
      compress: (chunk) => new Uint8Array(CHUNK + longer).fill(kept.push(chunk.slice()) - 1),
      decompress: (packed) => kept[packed[0]!]!.slice(),
    });
    assert.equal(bytes.heldBytes, 12 * CHUNK - (isPacked ? 10 : 0));
    assert.deepEqual(bytes.slice(0, content.length), content);
  }
});
