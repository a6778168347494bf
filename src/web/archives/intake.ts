import type { PathedFile, SourceInput } from "../sources/report.ts";
import { placeOf } from "../sources/place.ts";

/**
 * Takes what was dropped: each folder, packed archive and capture is a source; batches that were
 * dropped one by one are a source together.
 *
 * By entries and not by the handles of newer browsers: those of Chromium leave out, without a word,
 * every file that has a colon in its name, and so the whole archive (seen 2026-11, Chromium 156).
 *
 * @throws {Error} when the browser does not let a folder be read.
 */
export async function takeDropped(transfer: DataTransfer): Promise<SourceInput[]> {
  // All must be asked for at once: what was dropped is gone after the event.
  const dropped = [...transfer.items].filter((item) => item.kind === "file").map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
  }));
  const folders: SourceInput[] = [];
  const loose: File[] = [];
  for (const { entry, file } of dropped) {
    if (entry?.isDirectory) {
      const files = await filesIn(entry as FileSystemDirectoryEntry);
      folders.push({ kind: "files", name: entry.name, files });
    } else if (file !== null) loose.push(file);
  }
  return [...folders, ...takeLoose(loose)];
}

/** Takes files that were picked one by one. */
export function takeLoose(files: readonly File[]): SourceInput[] {
  const batches = files.filter((file) => placeOf(file.name).kind !== "stray");
  const packed = files.filter((file) => !batches.includes(file));
  const inputs: SourceInput[] = packed.map((file) => ({ kind: "packed", name: file.name, file }));
  if (batches.length > 0) {
    const name = batches.length === 1 ? batches[0]!.name : `${batches.length} files`;
    inputs.push({
      kind: "files",
      name,
      files: batches.map((file) => ({ path: file.name, file })),
    });
  }
  return inputs;
}

/** Takes the files of one folder that was picked, as `<input webkitdirectory>` gives them. */
export function takeFolder(files: readonly File[]): SourceInput[] {
  if (files.length === 0) return [];
  const pathed = files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  const name = pathed[0]!.path.split("/")[0]!;
  return [{ kind: "files", name, files: pathed }];
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<PathedFile[]> {
  try {
    return await walk(folder);
  } catch (cause) {
    // Chromium does not let a page that lies on a disk itself.
    const message =
      `Cannot read the folder "${folder.name}" that was dropped: the browser refuses. ` +
      "Choose it with the button instead";
    throw new Error(message, { cause });
  }
}

async function walk(folder: FileSystemDirectoryEntry): Promise<PathedFile[]> {
  const found: PathedFile[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const reader = next.createReader();
    // A reader gives a hundred at a time, and an empty list when there are no more.
    for (let entries = await read(reader); entries.length > 0; entries = await read(reader)) {
      for (const entry of entries) {
        if (entry.isDirectory) waiting.push(entry as FileSystemDirectoryEntry);
        else {
          const file = await fileOf(entry as FileSystemFileEntry);
          found.push({ path: entry.fullPath.replace(/^\//, ""), file });
        }
      }
    }
  }
  return found;
}

function read(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
