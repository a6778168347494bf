import { concatBytes } from "../../core/bytes.ts";
import type { Gzip } from "../../ports/remote/gzip.ts";

/** Below this size compressing saves less than it costs. */
const COMPRESS_FROM_BYTES = 4 * 1024;

/** A slice is decompressed in one go, and what it holds can be a thousand times as long. */
const SLICE_BYTES = 16 * 1024;

/** A file as it is sent. */
export interface SentBody {
  /** The bytes to send. */
  readonly body: Uint8Array;
  /** How they are compressed; `undefined` when they are the file's own. */
  readonly contentEncoding: "gzip" | undefined;
}

/** Compresses a file for the way, where that makes it smaller: chat shrinks to a quarter. */
export async function compressBody(
  bytes: Uint8Array,
  gzip: Gzip = platformGzip,
): Promise<SentBody> {
  if (bytes.length < COMPRESS_FROM_BYTES) return { body: bytes, contentEncoding: undefined };
  const body = await gzip.compress(bytes);
  return body.length < bytes.length
    ? { body, contentEncoding: "gzip" }
    : { body: bytes, contentEncoding: undefined };
}

/** {@link Gzip} by the streams of the platform, which every runtime has. */
export const platformGzip: Gzip = {
  compress: (bytes) => readAll(bytes, { stream: new CompressionStream("gzip") }),

  async decompress(body, lengthBytes) {
    try {
      const stream = new DecompressionStream("gzip");
      const bytes = await readAll(body, { stream, maxBytes: lengthBytes });
      return bytes.length === lengthBytes ? bytes : undefined;
    } catch {
      return undefined; // Not a gzip, cut off, or too long.
    }
  },
};

async function readAll(
  bytes: Uint8Array,
  { stream, maxBytes = Infinity }: {
    readonly stream: CompressionStream | DecompressionStream;
    readonly maxBytes?: number;
  },
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const write = async () => {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      await writer.write(new Uint8Array(bytes.subarray(at, at + SLICE_BYTES)));
    }
    await writer.close();
  };
  write().catch(() => {}); // What fails here fails the reader too, who tells it.
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(chunks);
    sizeBytes += value.length;
    chunks.push(value);
    if (sizeBytes <= maxBytes) continue;
    await reader.cancel().catch(() => {});
    throw new RangeError(`Cannot decompress a body of more than ${maxBytes} bytes`);
  }
}
