// client-zip: six kilobytes that write a zip as a stream, of any length.
import { makeZip } from "client-zip";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";

/** A file that goes into a zip. */
export interface ZipInput {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

/**
 * A zip of these files, made while it is read. The same files give the same bytes.
 *
 * @param options.colon what stands for the colon of keys: Windows cannot unpack names that have it.
 */
export function zipStream(
  files: AsyncIterable<ZipInput>,
  { colon }: { readonly colon: ":" | "_" },
): ReadableStream<Uint8Array> {
  return makeZip(inputs(files, colon));
}

// A zip must name a time for each file. They have none, so all get the first that a zip can hold.
const LAST_MODIFIED = new Date(1980, 0, 1);

async function* inputs(
  files: AsyncIterable<ZipInput>,
  colon: string,
): AsyncGenerator<{ name: string; input: Uint8Array; size: number; lastModified: Date }> {
  for await (const { key, bytes } of files) {
    yield {
      name: key.replace(":", colon),
      input: bytes,
      size: bytes.length,
      lastModified: LAST_MODIFIED,
    };
  }
}
