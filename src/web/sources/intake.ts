import type { PathedFile, SourceInput } from "./report.ts";
import { placeOf } from "./place.ts";

/** A source that the user handed over, and the handle to it for after a reload, where there is one. */
export interface TakenSource {
  readonly input: SourceInput;
  readonly handle: FileSystemHandle | undefined;
}

/** What newer browsers offer for a dropped item, which the types lack. */
interface HandleItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** How long to wait for a handle: dropped files can be read without it. */
const HANDLE_MAX_MS = 500;

/** The handle of a dropped item. Pages over plain http get none, and must not wait for it. */
async function handleOf(item: DataTransferItem): Promise<FileSystemHandle | null> {
  if (!isSecureContext) return null;
  const asked = (item as HandleItem).getAsFileSystemHandle?.().catch(() => null) ?? null;
  const tooLate = new Promise<null>((resolve) => setTimeout(() => resolve(null), HANDLE_MAX_MS));
  return await Promise.race([asked, tooLate]);
}

/**
 * Takes dropped files: each folder, zip or tar archive and capture is a source; batches that were
 * dropped one by one are a source together.
 *
 * By entries and not by the handles of newer browsers: those of Chromium silently leave out
 * every file that has a colon in its name, and so the whole archive (seen 2026-11, Chromium 156). A
 * handle is only kept for after a reload, and only of what has no such names.
 *
 * @throws {Error} when the browser does not let a folder be read.
 */
export async function takeDropped(transfer: DataTransfer): Promise<TakenSource[]> {
  // All must be requested at once: the items are gone after the event.
  const dropped = [...transfer.items].filter((item) => item.kind === "file").map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
    handle: handleOf(item),
  }));
  const folders: TakenSource[] = [];
  const loose: File[] = [];
  const handles = new Map<File, FileSystemHandle>();
  for (const { entry, file, handle: asked } of dropped) {
    const handle = await asked ?? undefined;
    if (entry?.isDirectory) {
      const files = await filesIn(entry as FileSystemDirectoryEntry);
      const isWhole = !files.some(({ path }) => path.includes(":"));
      const input: SourceInput = { kind: "files", name: entry.name, files };
      folders.push({ input, handle: isWhole ? handle : undefined });
    } else if (file !== null) {
      loose.push(file);
      if (handle !== undefined) handles.set(file, handle);
    }
  }
  return [...folders, ...takeLoose(loose, handles)];
}

/** Takes files that were picked or dropped one by one. */
export function takeLoose(
  files: readonly File[],
  handles: ReadonlyMap<File, FileSystemHandle> = new Map(),
): TakenSource[] {
  const batches = files.filter((file) => placeOf(file.name).kind !== "stray");
  const packed = files.filter((file) => !batches.includes(file));
  const taken: TakenSource[] = packed.map((file) => ({
    input: { kind: "packed", name: file.name, file },
    handle: handles.get(file),
  }));
  if (batches.length > 0) {
    const name = batches.length === 1 ? batches[0]!.name : `${batches.length} files`;
    const input: SourceInput = {
      kind: "files",
      name,
      files: batches.map((file) => ({ path: file.name, file })),
    };
    taken.push({ input, handle: undefined }); // Several files together have no handle.
  }
  return taken;
}

/** Takes the files of one folder that was picked, as `<input webkitdirectory>` gives them. */
export function takeFolder(files: readonly File[]): TakenSource[] {
  if (files.length === 0) return [];
  const pathed = files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  const name = pathed[0]!.path.split("/")[0]!;
  return [{ input: { kind: "files", name, files: pathed }, handle: undefined }];
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<PathedFile[]> {
  try {
    return await walk(folder);
  } catch (cause) {
    // Chromium does not allow it to a page from a disk.
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
    // A reader returns a hundred at a time, and an empty list at the end.
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
