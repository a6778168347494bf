import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { ChatloomError } from "../../core/errors.ts";
import type { Capture } from "../../engine/record/import_capture.ts";

/** The capture in a file. What is gzipped is unpacked as it streams. */
export function fileCapture(path: string): Capture {
  return {
    name: path,
    async *open() {
      try {
        yield* unpacked(path);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${path}": ${why}`, { cause });
      }
    },
  };
}

async function* unpacked(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const head = createReadStream(path, { end: 1 });
  let magic = 0;
  for await (const chunk of head as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) magic = magic << 8 | byte;
  }
  const file = createReadStream(path);
  if (magic !== 0x1f8b) return yield* file as AsyncIterable<Uint8Array>;
  const gunzip = createGunzip();
  // An error of the file would not reach the reader of the unpacked bytes by itself.
  file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip);
  yield* gunzip as AsyncIterable<Uint8Array>;
}
