import type { PathedFile } from "./report.ts";
import { takeLoose, type TakenSource } from "./intake.ts";

/** What newer browsers can do with a handle, which the types lack. */
interface Permitted {
  queryPermission?(options: { readonly mode: "read" }): Promise<PermissionState>;
  requestPermission?(options: { readonly mode: "read" }): Promise<PermissionState>;
}

/** Whether the browser lets the page read `handle` without asking the user. */
export async function mayRead(handle: FileSystemHandle): Promise<boolean> {
  const { queryPermission } = handle as Permitted;
  return await queryPermission?.call(handle, { mode: "read" }) === "granted";
}

/**
 * Opens `handle`, after asking the user where the browser requires that. Must be
 * called on a click.
 *
 * @throws {Error} when the user refuses, or the file is no longer there.
 */
export async function reopen(handle: FileSystemHandle): Promise<TakenSource[]> {
  const { requestPermission } = handle as Permitted;
  const answer = await requestPermission?.call(handle, { mode: "read" });
  if (answer !== "granted") throw new Error(`Cannot open "${handle.name}": it was not allowed`);
  try {
    if (handle.kind === "file") {
      return takeLoose([await (handle as FileSystemFileHandle).getFile()])
        .map((taken) => ({ ...taken, handle }));
    }
    const files = await filesIn(handle as FileSystemDirectoryHandle);
    return [{ input: { kind: "files", name: handle.name, files }, handle }];
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot open "${handle.name}": ${found}`, { cause });
  }
}

async function filesIn(root: FileSystemDirectoryHandle): Promise<PathedFile[]> {
  const found: PathedFile[] = [];
  const waiting = [{ folder: root, path: root.name }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const entry of next.folder.values()) {
      const path = `${next.path}/${entry.name}`;
      if (entry.kind === "directory") {
        waiting.push({ folder: entry as FileSystemDirectoryHandle, path });
      } else found.push({ path, file: await (entry as FileSystemFileHandle).getFile() });
    }
  }
  return found;
}
