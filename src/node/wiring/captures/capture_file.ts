import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import process from "node:process";
import { orAbort } from "../../../async/abort.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { Capture } from "../../../engine/import/import_capture.ts";
import { readPipe } from "./read_pipe.ts";
import { spool } from "./spool.ts";
import { type UnpackFault, Unpacking } from "./unpack.ts";
import { unpackZstd } from "./unpack_zstd.ts";

/** A capture that the user named, and its faults. */
export interface CaptureFile extends Capture, AsyncDisposable {
  /** What is missing or in excess, as far as it was read. */
  readonly fault: UnpackFault | undefined;
}

/**
 * Opens a capture: a file, a pipe, or `-` for standard input. One packed by gzip or zstd is
 * decompressed as it streams; a pipe is copied to a temporary file first, as a capture is read twice.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read.
 */
export async function openCapture(path: string, signal: AbortSignal): Promise<CaptureFile> {
  const name = path === "-" ? "standard input" : path;
  try {
    if (path === "-") {
      const stdin = process.stdin as AsyncIterable<Uint8Array>;
      const copy = await spool(aborting(stdin, { signal, stop: () => process.stdin.destroy() }));
      return new OpenCapture(name, { path: copy.path, signal, dispose: copy.dispose });
    }
    const kind = await stat(path);
    if (kind.isFile()) return new OpenCapture(name, { path, signal });
    if (kind.isDirectory()) throw new Error("it is a folder");
    const copy = await spool(readPipe(path, signal));
    return new OpenCapture(name, { path: copy.path, signal, dispose: copy.dispose });
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(name, cause);
  }
}

function unreadable(name: string, cause: unknown): ChatloomError {
  if (cause instanceof ChatloomError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChatloomError("INPUT_UNREADABLE", `Cannot read "${name}": ${why}`, { cause });
}

class OpenCapture implements CaptureFile {
  readonly name: string;
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #dispose: (() => Promise<void>) | undefined;
  #unpacking: Unpacking | undefined;

  constructor(name: string, { path, signal, dispose }: {
    readonly path: string;
    readonly signal: AbortSignal;
    readonly dispose?: () => Promise<void>;
  }) {
    this.name = name;
    this.#path = path;
    this.#signal = signal;
    this.#dispose = dispose;
  }

  get fault(): UnpackFault | undefined {
    return this.#unpacking?.fault;
  }

  isTorn(): boolean {
    const { fault } = this;
    return fault !== undefined && fault !== "rubbish";
  }

  async *open(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const read = () => unpackZstd(createReadStream(this.#path) as AsyncIterable<Uint8Array>);
      // The first read finds where it is damaged.
      this.#unpacking ??= new Unpacking(read);
      for await (const bytes of this.#unpacking.bytes()) {
        this.#signal.throwIfAborted();
        yield bytes;
      }
    } catch (cause) {
      this.#signal.throwIfAborted();
      throw unreadable(this.name, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose?.();
  }
}

/** What `source` yields, until `signal` aborts: then `stop` ends the wait for more. */
async function* aborting<T>(
  source: AsyncIterable<T>,
  { signal, stop }: { readonly signal: AbortSignal; readonly stop: () => void },
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await orAbort(iterator.next(), signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    if (signal.aborted) stop();
  }
}
