import * as zlib from "node:zlib";
import { Buffer } from "node:buffer";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { EntryFault } from "../calls/file_errors.ts";

/**
 * How hard frames are compressed. On a day of generated chat 19 leaves a sixth less than 12 and takes ten
 * times as long, some 1.5 MB a second (2026-11); an hour is packed once.
 */
const PACK_LEVEL = 19;

// What a decoder has to remember of a frame. A frame that asks for more was not made by chatloom.
const WINDOW_LOG_MAX = 27;

// Deno's and Node's types may not know them, and Node before 22.15 does not have them.
type Zstd = (bytes: Uint8Array, options: object) => Uint8Array;
const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as {
  readonly zstdCompressSync?: Zstd;
  readonly zstdDecompressSync?: Zstd;
  readonly constants: { readonly [name: string]: number };
};

/**
 * Checks that the runtime can pack and read packs.
 *
 * @param attempt what it is needed for, after "Cannot".
 * @throws {ChatloomError} `STORE_IO`
 */
export function checkZstd(attempt: string): void {
  if (zstdDecompressSync !== undefined) return;
  throw new ChatloomError(
    "STORE_IO",
    `Cannot ${attempt}: it is packed with zstd, which this runtime does not have. Run chatloom with Deno, or ` +
      "with Node 22.15 or later; there, chatloom unpack gives back plain files",
  );
}

/**
 * One zstd frame that holds `bytes`, with its length and a checksum.
 *
 * @param level how hard it is compressed, from 1 to 19.
 * @throws {ChatloomError} `STORE_IO` where the runtime has no zstd.
 */
export function compressFrame(bytes: Uint8Array, level = PACK_LEVEL): Uint8Array {
  checkZstd("pack an hour");
  const compressed = zstdCompressSync!(bytes, {
    params: {
      [constants["ZSTD_c_compressionLevel"]!]: level,
      [constants["ZSTD_c_checksumFlag"]!]: 1,
    },
    pledgedSrcSize: bytes.length,
  });
  return new Uint8Array(compressed);
}

/**
 * The `plainBytes` bytes of a frame.
 *
 * @throws {EntryFault} when it holds fewer or more, or is damaged.
 */
export function decompressFrame(frame: Uint8Array, plainBytes: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = zstdDecompressSync!(frame, {
      params: { [constants["ZSTD_d_windowLogMax"]!]: WINDOW_LOG_MAX },
      maxOutputLength: plainBytes,
    });
  } catch (error) {
    throw new EntryFault(`its pack is damaged: ${error instanceof Error ? error.message : error}`);
  }
  // A frame that is cut off gives what it has.
  if (bytes.length !== plainBytes) {
    throw new EntryFault(`its pack is damaged: ${bytes.length} of ${plainBytes} bytes are there`);
  }
  return Buffer.isBuffer(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : bytes;
}
