import { ChatloomError } from "../../core/errors/errors.ts";
import { FOUND_FILE_MAX_BYTES, type FoundFile } from "./found_file.ts";

/** A file that was dropped or picked. It is read when it is asked for, not before. */
export function droppedFile(path: string, file: Blob): FoundFile {
  return { path, read: () => readBlob(path, file) };
}

async function readBlob(path: string, blob: Blob): Promise<Uint8Array> {
  if (blob.size > FOUND_FILE_MAX_BYTES) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${path}": it has ${blob.size} bytes`);
  }
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    // A file that changed since it was dropped cannot be read any more.
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${path}"`, { cause });
  }
}
