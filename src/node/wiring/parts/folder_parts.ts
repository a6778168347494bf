import { fileSystemLock } from "../../../adapters/file_system/file_system_lock.ts";
import {
  fileSystemMarks,
  fileSystemNotes,
} from "../../../adapters/file_system/file_system_notes.ts";
import { fileSystemOrders } from "../../../adapters/file_system/file_system_orders.ts";
import { fileSystemSettled } from "../../../adapters/file_system/file_system_settled.ts";
import { packedStore } from "../../../adapters/file_system/packs/packed_store.ts";
import { fileSystemVersions } from "../../../adapters/file_system/file_system_versions.ts";
import { fileSystemUnsettled } from "../../../adapters/file_system/file_system_unsettled.ts";
import type { ArchiveParts, OpenPartsOptions } from "./archive_parts.ts";
import { folderIndex } from "./folder_index.ts";
import { existingArchive } from "./existing_archive.ts";

/**
 * The parts of the archive in `folder`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such folder and `create` is not set.
 */
export async function folderParts(
  folder: string,
  { create = false, folder: options = {} }: OpenPartsOptions,
): Promise<ArchiveParts> {
  const files = create ? packedStore(folder, options) : await existingArchive(folder, options);
  if (create) await files.checkWritable();
  return {
    name: folder,
    settles: true,
    files,
    versions: fileSystemVersions(folder),
    packs: files,
    lock: fileSystemLock(folder),
    notes: fileSystemNotes(folder),
    marks: fileSystemMarks(folder),
    orders: fileSystemOrders(folder),
    settled: fileSystemSettled(folder),
    unsettled: fileSystemUnsettled(folder),
    index: folderIndex(folder),
    journalFolder: folder,
    async writableFiles(options) {
      const files = packedStore(folder, { movesFirstLayout: true });
      await files.checkWritable(options);
      return files;
    },
    close: () => Promise.resolve(),
  };
}
