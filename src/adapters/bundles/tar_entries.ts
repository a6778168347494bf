// modern-tar: small, without dependencies, on the streams that browsers have; knows PAX and GNU names.
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";

/** One entry of a tar: its header, and its bytes, which must be read or cancelled before the next comes. */
export type TarEntry = ParsedTarEntry;

/**
 * Yields the entries of a tar as they come.
 *
 * @throws {Error} when it is no tar, or ends midway.
 */
export async function* tarEntries(
  bytes: ReadableStream<Uint8Array>,
): AsyncGenerator<TarEntry, void, undefined> {
  // `strict`: otherwise the rest of a broken archive would be missing silently.
  const reader = bytes.pipeThrough(createTarDecoder({ strict: true })).getReader();
  try {
    // Not every browser lets `for await` read a stream.
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel().catch(() => {}); // The failure has been thrown already.
  }
}
