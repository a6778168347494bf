import { ChatloomError } from "../../core/errors.ts";
import { FOUND_FILE_MAX_BYTES, FOUND_FILES_MAX, type FoundFile } from "./found_file.ts";

/** A file that was dropped or picked. It is read when it is asked for, not before. */
export function droppedFile(path: string, file: Blob): FoundFile {
  return { path, read: () => readBlob(path, file) };
}

/**
 * Yields the files in a folder that was picked or dropped, in all of its folders.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the browser refuses, or there are too many.
 */
export async function* folderFiles(
  folder: FileSystemDirectoryHandle,
  options?: { readonly signal?: AbortSignal },
): AsyncGenerator<FoundFile, void, undefined> {
  const waiting = [{ path: folder.name, folder }];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const handle of entriesOf(next.folder, next.path)) {
      options?.signal?.throwIfAborted();
      const path = `${next.path}/${handle.name}`;
      if (handle.kind === "directory") {
        waiting.push({ path, folder: handle as FileSystemDirectoryHandle });
        continue;
      }
      if (++count > FOUND_FILES_MAX) throw tooMany(folder.name);
      yield { path, read: () => readHandle(path, handle as FileSystemFileHandle) };
    }
  }
}

async function* entriesOf(
  folder: FileSystemDirectoryHandle,
  path: string,
): AsyncGenerator<FileSystemHandle, void, undefined> {
  try {
    yield* folder.values();
  } catch (cause) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read folder "${path}"`, { cause });
  }
}

async function readHandle(path: string, handle: FileSystemFileHandle): Promise<Uint8Array> {
  let file;
  try {
    file = await handle.getFile();
  } catch (cause) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${path}"`, { cause });
  }
  return await readBlob(path, file);
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

function tooMany(name: string): ChatloomError {
  return new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot read folder "${name}": it has more than ${FOUND_FILES_MAX} files`,
  );
}
