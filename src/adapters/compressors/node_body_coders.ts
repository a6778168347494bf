import * as zlib from "node:zlib";
import type { BodyCoder } from "../../ports/http.ts";

/** A stream of `node:zlib`, as far as it is used: types of older runtimes lack zstd. */
interface ZlibStream {
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  flush(done: () => void): void;
  end(): void;
  destroy(): void;
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "end", listener: () => void): void;
}

/** What a runtime may have. */
interface Zlib {
  readonly createZstdCompress?: (options: object) => ZlibStream;
  readonly createBrotliCompress: (options: object) => ZlibStream;
  readonly createGzip: (options: object) => ZlibStream;
  readonly createDeflate: (options: object) => ZlibStream;
  readonly constants: { readonly [name: string]: number };
}

/** A larger piece is compressed in parts: what is compressed and not read yet stays small. */
const PART_BYTES = 64 * 1024;

/** Brotli looks back this far: 2^18 bytes, so that a thousand answers at a time fit into memory. */
const BROTLI_WINDOW_BITS = 18;

/**
 * The ways to compress that `node:zlib` of this runtime has, the cheapest for its gain first: zstd (not in Node 20),
 * br, gzip, deflate. All at their fastest level: chat shrinks to a fifth all the same, and a log of a year must not
 * take a core.
 */
export function nodeBodyCoders(): BodyCoder[] {
  const { createZstdCompress, createBrotliCompress, createGzip, createDeflate, constants } =
    zlib as unknown as Zlib;
  const zstd = { params: { [constants["ZSTD_c_compressionLevel"] ?? 0]: 1 } };
  const brotli = {
    params: {
      [constants["BROTLI_PARAM_QUALITY"]!]: 1,
      [constants["BROTLI_PARAM_LGWIN"]!]: BROTLI_WINDOW_BITS,
    },
  };
  return [
    ...(createZstdCompress === undefined ? [] : [coder("zstd", () => createZstdCompress(zstd))]),
    coder("br", () => createBrotliCompress(brotli)),
    coder("gzip", () => createGzip({ level: 1 })),
    coder("deflate", () => createDeflate({ level: 1 })),
  ];
}

function coder(coding: string, open: () => ZlibStream): BodyCoder {
  return { coding, encode: (pieces) => new EncodedBody(pieces, open) };
}

/** Pieces, compressed by a stream that is opened when the first is asked for. */
class EncodedBody implements AsyncIterableIterator<Uint8Array> {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #steps: AsyncGenerator<Uint8Array>;
  #stream: ZlibStream | undefined;

  constructor(pieces: AsyncIterator<Uint8Array>, open: () => ZlibStream) {
    this.#pieces = pieces;
    this.#steps = this.#encode(open);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return this.#steps.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // First the source: the steps may wait for its next piece.
    const ended = this.#pieces.return?.();
    this.#stream?.destroy();
    await ended;
    return { done: true, value: undefined };
  }

  async *#encode(open: () => ZlibStream): AsyncGenerator<Uint8Array> {
    const stream = this.#stream = open();
    const ready: Uint8Array[] = [];
    stream.on("data", (bytes) => void ready.push(bytes));
    const failed = new Promise<never>((_, reject) => stream.on("error", reject));
    failed.catch(() => {}); // The step that waits for the stream tells it.
    const waits = (work: (done: () => void) => void) =>
      Promise.race([new Promise<void>((resolve) => work(resolve)), failed]);
    try {
      let next = this.#pieces.next();
      for (let step = await next; !step.done; step = await next) {
        for (let at = 0; at < step.value.length; at += PART_BYTES) {
          const part = step.value.subarray(at, at + PART_BYTES);
          await waits((done) => stream.write(part, () => done()));
          yield* ready.splice(0);
        }
        next = this.#pieces.next();
        next.catch(() => {}); // It is waited for in the loop.
        if (await isSettledSoon(next)) continue;
        await waits((done) => stream.flush(done));
        yield* ready.splice(0);
      }
      await waits((done) => {
        stream.on("end", done);
        stream.end();
      });
      yield* ready.splice(0);
    } finally {
      stream.destroy();
    }
  }
}

/** Whether a promise is settled by the next turn of the event loop. */
async function isSettledSoon(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  const settled = () => true;
  return await Promise.race([promise.then(settled, settled), turn]);
}
