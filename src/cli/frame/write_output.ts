import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { newWriterName } from "../../adapters/file_system/calls/stored_name.ts";
import { syncFolder } from "../../adapters/file_system/calls/sync_folder.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { VerbContext } from "./context.ts";

/**
 * Writes pieces to standard output, or to a file: there they stand all, or the file is as it was before.
 *
 * @throws {ChatloomError} `STORE_IO` when the file cannot be written.
 */
export async function writeOutput(
  pieces: AsyncIterable<string | Uint8Array>,
  path: string | undefined,
  { print }: Pick<VerbContext, "print">,
): Promise<void> {
  if (path === undefined || path === "-") {
    for await (const piece of pieces) await print(piece);
    return;
  }
  const scratch = `${path}.${newWriterName()}.tmp`;
  try {
    const file = await translated(path, () => open(scratch, "wx"));
    try {
      for await (const piece of pieces) {
        const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
        await translated(path, () => file.writeFile(bytes));
      }
      await translated(path, () => file.sync());
    } finally {
      await file.close();
    }
    await translated(path, () => rename(scratch, path));
  } catch (error) {
    await rm(scratch, { force: true }).catch(() => {}); // The first failure is thrown.
    throw error;
  }
  await syncFolder(dirname(path));
}

async function translated<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ChatloomError("STORE_IO", `Cannot write "${path}": ${why}`, { cause });
  }
}
