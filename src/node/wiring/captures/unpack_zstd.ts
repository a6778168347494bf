import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import type { Transform } from "node:stream";
import { ChatloomError } from "../../../core/errors/errors.ts";

/** What a zstd file begins with. */
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** Node 20 and the types for it do not have it. */
const createZstdDecompress: (() => Transform) | undefined =
  (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

/**
 * The bytes of a file, decompressed if they are zstd. Memory stays bounded, whatever the file unpacks to.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is zstd and this runtime cannot decompress that.
 */
export async function* unpackZstd(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  const all = {
    async *[Symbol.asyncIterator]() {
      if (first.done === true) return;
      yield first.value;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        yield next.value;
      }
    },
  };
  try {
    const isZstd = first.done !== true && MAGIC.every((byte, i) => first.value[i] === byte);
    if (!isZstd) return yield* all;
    if (createZstdDecompress === undefined) {
      throw new ChatloomError(
        "INPUT_UNREADABLE",
        "Cannot decompress zstd: this needs Deno, or Node from 22.15 on",
      );
    }
    const packed = Readable.from(all);
    const unpacking = createZstdDecompress();
    packed.on("error", (error) => unpacking.destroy(error));
    yield* packed.pipe(unpacking) as AsyncIterable<Uint8Array>;
  } finally {
    await iterator.return?.();
  }
}
