import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError } from "./file_errors.ts";
import { newWriterName } from "./stored_name.ts";
import { syncFolder } from "./sync_folder.ts";

/**
 * Writes the file at `path` in place of an earlier one, for the user of the process only: whole or not at all,
 * and safe from a power cut when it resolves.
 *
 * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
 */
export async function replaceFile(path: string, text: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const scratch = `${path}.${newWriterName()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(scratch, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(scratch, path);
    await syncFolder(folder);
  } catch (cause) {
    await rm(scratch, { force: true }).catch(() => {}); // The first failure is thrown.
    throw fileError(`write "${path}"`, { cause, otherwise: "STORE_IO" });
  }
}
