import { createGunzip, type Gunzip } from "node:zlib";
import { concatBytes } from "../../../core/bytes.ts";

/** What is wrong with a gzipped file: it ends too early, is damaged, or has something else behind it. */
export type UnpackFault = "torn" | "damaged" | "rubbish";

/** How much is decompressed at a time: even a gzip bomb of this size fits into memory. */
const STEP_BYTES = 4_096;

/** The bytes of a file that may be gzipped, decompressed as far as possible. */
export class Unpacking {
  readonly #read: () => AsyncIterable<Uint8Array>;
  /** From here on one byte is decompressed at a time: an error discards the output of the same step. */
  #carefulFrom = Infinity;
  #fault: UnpackFault | undefined;

  /** @param read yields the bytes as they are, from the start, as often as it is called */
  constructor(read: () => AsyncIterable<Uint8Array>) {
    this.#read = read;
  }

  /** The fault, once all was yielded. */
  get fault(): UnpackFault | undefined {
    return this.#fault;
  }

  /** Yields the bytes; a second call yields the same ones. A part that cannot be decompressed is left out. */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    let yielded = 0;
    for (;;) {
      let skip = yielded;
      let failedAt: number | undefined;
      for await (const bytes of this.#once((at) => failedAt = at)) {
        const rest = bytes.subarray(Math.min(skip, bytes.length));
        skip -= bytes.length - rest.length;
        yielded += rest.length;
        if (rest.length > 0) yield rest;
      }
      if (failedAt === undefined || failedAt >= this.#carefulFrom) return;
      this.#carefulFrom = failedAt;
    }
  }

  async *#once(onFailed: (at: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
    let inflating: Inflating | undefined;
    let at = 0;
    let head: Uint8Array = new Uint8Array();
    for await (const bytes of this.#read()) {
      if (at === 0 && head.length + bytes.length < 2) {
        head = bytes;
        continue;
      }
      const all = at === 0 && head.length > 0 ? concatBytes([head, bytes]) : bytes;
      if (at === 0 && all[0] === 0x1f && all[1] === 0x8b) inflating = new Inflating();
      if (inflating === undefined) {
        at += all.length;
        yield all;
        continue;
      }
      for (let from = 0; from < all.length;) {
        const step = at >= this.#carefulFrom ? 1 : STEP_BYTES;
        const piece = all.subarray(from, from + step);
        yield* await inflating.push(piece);
        if (inflating.failure !== undefined) {
          this.#fault = isRubbish(inflating.failure) ? "rubbish" : "damaged";
          return onFailed(at);
        }
        from += piece.length;
        at += piece.length;
      }
    }
    if (inflating === undefined) {
      if (at === 0 && head.length > 0) yield head;
      return;
    }
    yield* await inflating.end();
    if (inflating.failure !== undefined) this.#fault = "torn";
  }
}

function isRubbish({ message }: Error): boolean {
  return message.includes("incorrect header check");
}

/** Decompresses step by step. In flowing mode it keeps the output before an error. */
class Inflating {
  failure: Error | undefined;
  readonly #gunzip: Gunzip = createGunzip();
  #out: Uint8Array[] = [];
  readonly #over: Promise<void>;

  constructor() {
    this.#over = new Promise((resolve) => {
      this.#gunzip.on("data", (bytes: Uint8Array) => void this.#out.push(bytes));
      this.#gunzip.on("end", () => resolve());
      this.#gunzip.on("error", (error) => {
        this.failure ??= error;
        resolve();
      });
    });
  }

  async push(bytes: Uint8Array): Promise<Uint8Array[]> {
    await Promise.race([
      new Promise<void>((resolve) => this.#gunzip.write(bytes, () => resolve())),
      this.#over,
    ]);
    return this.#take();
  }

  async end(): Promise<Uint8Array[]> {
    this.#gunzip.end();
    await this.#over;
    return this.#take();
  }

  #take(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}
