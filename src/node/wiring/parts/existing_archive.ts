import { stat } from "node:fs/promises";
import {
  type PackedStore,
  packedStore,
  type PackedStoreOptions,
} from "../../../adapters/file_system/packs/packed_store.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";

/**
 * The archive in `folder`, for verbs that read one: a misspelt path is no empty archive. `options` are the
 * store's.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such folder.
 */
export async function existingArchive(
  folder: string,
  options: PackedStoreOptions = {},
): Promise<PackedStore> {
  const found = await stat(folder).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such folder" : cause.message;
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read archive "${folder}": ${why}`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read archive "${folder}": it is a file`);
  }
  return packedStore(folder, options);
}
