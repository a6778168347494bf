import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { fileSystemNotes } from "../../adapters/file_system/file_system_notes.ts";
import { SupersededFiles } from "../../engine/sync/state/superseded_files.ts";
import { rememberingStore } from "../../engine/sync/remembering_store.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { existingArchive } from "./existing_archive.ts";

/**
 * The archive in `folder`, for commands that delete from it what stands elsewhere: a later sync must not
 * fetch them again. Files where the first version put them are moved, unless `isDryRun`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such folder.
 */
export async function settlingStore(
  folder: string,
  { reporter, isDryRun = false }: { readonly reporter: Reporter; readonly isDryRun?: boolean },
): Promise<BatchStore> {
  const superseded = new SupersededFiles(fileSystemNotes(folder), reporter);
  return rememberingStore(
    await existingArchive(folder, { movesFirstLayout: !isDryRun, calls: BLOCKING_READ_CALLS }),
    superseded,
  );
}
