import { createReadStream } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { concatBytes } from "../../core/bytes.ts";
import { BatchSyntaxError, ChatloomError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** How {@link readInput} reads. */
export interface ReadInputOptions {
  /** Longer files are refused, also after decompression: they would not fit into memory. */
  readonly maxBytes: number;
  /** Aborts reading. */
  readonly signal: AbortSignal;
}

/**
 * All bytes of a file that the user named; `-` is standard input. Gzipped input is decompressed.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read or is too long.
 */
export async function readInput(
  path: string,
  { maxBytes, signal }: ReadInputOptions,
): Promise<Uint8Array> {
  const name = path === "-" ? "standard input" : `"${path}"`;
  try {
    const source = path === "-" ? process.stdin : createReadStream(path);
    const raw = await readAll(source, { maxBytes, signal });
    if (!(raw[0] === 0x1f && raw[1] === 0x8b)) return raw;
    const gunzip = createGunzip();
    gunzip.end(raw);
    return await readAll(gunzip, { maxBytes, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read ${name}: ${why}`, { cause });
  }
}

/**
 * Reports that one of several batch files cannot be read, so that the next one can be. False for other
 * errors, and where there is no next one: such an error ends the command.
 */
export function reportUnreadable(
  path: string,
  { error, reporter, isOnly }: {
    readonly error: unknown;
    readonly reporter: Reporter;
    /** Whether no other file was named. */
    readonly isOnly: boolean;
  },
): boolean {
  if (error instanceof BatchSyntaxError) {
    const { line, reason } = error;
    reporter.report("error", "Cannot read a batch", { path, line, reason });
    return true;
  }
  if (isOnly || !(error instanceof ChatloomError && error.code === "INPUT_UNREADABLE")) {
    return false;
  }
  reporter.report("error", "Cannot read a batch", { path, reason: error.message });
  return true;
}

async function readAll(
  stream: Readable,
  { maxBytes, signal }: ReadInputOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted();
    byteCount += chunk.length;
    if (byteCount > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
