import type { ArchiveChanges } from "../../../ports/archive/archive_changes.ts";
import type { NodeIndex } from "../index_parts.ts";
import type { LiveArchive } from "./live_archive.ts";

/**
 * Has a node that serves know at once which files other processes store and delete, until `signal` aborts.
 * Without `changes` it looks for them, as in a folder.
 */
export async function followChanges(
  changes: ArchiveChanges | undefined,
  { live, indexed }: {
    readonly live: LiveArchive;
    readonly indexed: NodeIndex | undefined;
  },
  signal: AbortSignal,
): Promise<void> {
  await changes?.follow((change) => {
    if (change.kind === "missed") {
      indexed?.finder.changedAll();
      indexed?.keeper.onMissed();
      return;
    }
    if (change.kind === "stored") live.noteStored(change.key);
    indexed?.keeper.onFileChanged(change.key);
  }, signal);
}
