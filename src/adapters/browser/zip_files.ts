// unzipit: small, reads entries one by one from a Blob without loading the rest, and does not trust
// the sizes that an archive tells.
import { unzipRaw, type ZipEntry } from "unzipit";
import { ChatloomError } from "../../core/errors/errors.ts";
import { FOUND_FILE_MAX_BYTES, FOUND_FILES_MAX, type FoundFile } from "./found_file.ts";

/**
 * The files in a zip. Only the directory at its end is read; files are unpacked when they are asked
 * for.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is no zip.
 */
export async function zipFiles(name: string, zip: Blob): Promise<FoundFile[]> {
  let entries;
  try {
    ({ entries } = await unzipRaw(zip));
  } catch (cause) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read zip "${name}"`, { cause });
  }
  if (entries.length > FOUND_FILES_MAX) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read zip "${name}": too many files`);
  }
  return entries.filter((entry) => !entry.isDirectory).map((entry) => {
    const path = `${name}/${entry.name}`;
    return { path, read: () => readEntry(path, entry) };
  });
}

async function readEntry(path: string, entry: ZipEntry): Promise<Uint8Array> {
  if (entry.size > FOUND_FILE_MAX_BYTES) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot unpack "${path}": it is too long`);
  }
  try {
    return new Uint8Array(await entry.arrayBuffer());
  } catch (cause) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot unpack "${path}"`, { cause });
  }
}
