import { tarEntries, type TarEntry } from "../bundles/tar_entries.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { FOUND_FILE_MAX_BYTES, FOUND_FILES_MAX, type FoundFile } from "./found_file.ts";
import type { BlobSpool } from "./blob_spool.ts";

/** How {@link tarFiles} reads. */
export interface TarOptions {
  /** Where the files are spooled: a tar has no directory, and a compressed one is read once only. */
  readonly spool: BlobSpool;
  /** Whether a file is wanted, by its path; others are skipped and yielded without their bytes. */
  readonly isWanted: (path: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the files in a tar, as they come.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is no tar, or ends midway.
 */
export async function* tarFiles(
  name: string,
  bytes: ReadableStream<Uint8Array>,
  { spool, isWanted, signal }: TarOptions,
): AsyncGenerator<FoundFile, void, undefined> {
  let count = 0;
  try {
    for await (const entry of tarEntries(bytes)) {
      signal?.throwIfAborted();
      const { header, body } = entry;
      if (header.type !== undefined && header.type !== "file") {
        await body.cancel();
        continue;
      }
      if (++count > FOUND_FILES_MAX) throw new RangeError("it has too many files");
      const path = `${name}/${header.name}`;
      if (!isWanted(path) || header.size > FOUND_FILE_MAX_BYTES) {
        await body.cancel();
        yield { path, read: () => Promise.reject(tooLong(path)) };
        continue;
      }
      const kept = spool.put(await bytesOf(entry));
      yield { path, read: () => kept.read() };
    }
  } catch (cause) {
    signal?.throwIfAborted();
    const found = cause instanceof Error ? `: ${cause.message}` : "";
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read tar "${name}"${found}`, { cause });
  }
}

async function bytesOf({ header, body }: TarEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(header.size);
  const reader = body.getReader();
  let length = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes.set(step.value, length); // Throws when there is more than the header said.
    length += step.value.length;
  }
  if (length !== header.size) throw new RangeError(`"${header.name}" ends midway`);
  return bytes;
}

function tooLong(path: string): ChatloomError {
  return new ChatloomError("INPUT_UNREADABLE", `Cannot unpack "${path}": it is too long`);
}
