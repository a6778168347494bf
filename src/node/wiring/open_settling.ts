import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { SupersededFiles } from "../../engine/sync/state/superseded_files.ts";
import { rememberingStore } from "../../engine/sync/remembering_store.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { type ArchiveParts, openParts } from "./parts/archive_parts.ts";

/**
 * An archive for commands that delete from it what stands elsewhere: deletes from `store` are noted, so that
 * a later sync does not fetch the files again. Files where the first version put them are moved, unless
 * `isDryRun`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such archive.
 */
export async function openSettling(
  archive: string,
  { reporter, isDryRun = false }: { readonly reporter: Reporter; readonly isDryRun?: boolean },
): Promise<ArchiveParts & { readonly store: BatchStore }> {
  const parts = await openParts(archive, {
    folder: { movesFirstLayout: !isDryRun, calls: BLOCKING_READ_CALLS },
  });
  const superseded = new SupersededFiles(parts.notes, reporter);
  return { ...parts, store: rememberingStore(parts.files, superseded) };
}
