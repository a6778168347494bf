import { join } from "node:path";
import { UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { Stray } from "../../../ports/batch_store.ts";
import type { FileCalls } from "../calls/file_calls.ts";
import { entryError } from "../calls/file_errors.ts";
import { kindReason, scratchWriter } from "../calls/stored_name.ts";
import { entriesOf, isRealFolder } from "../store/archive_walk.ts";
import { packedHour, packsFolder } from "../store/pack_names.ts";

/** What in a channel's folder of packs is no pack; `stray` itself if that is no folder. */
export async function* packStrays(
  calls: FileCalls,
  { root, channel, stray }: {
    readonly root: string;
    readonly channel: string;
    readonly stray: Stray;
  },
): AsyncIterable<Stray> {
  const folder = packsFolder(channel);
  let entries;
  try {
    const isReal = await isRealFolder(calls, { root, folder: folder.split("/") });
    if (!isReal) return yield stray;
    entries = await entriesOf(calls, join(root, folder));
  } catch (cause) {
    const error = entryError(folder, { attempt: "", cause });
    if (!(error instanceof UnreadableEntryError)) throw cause;
    return yield { path: folder, reason: error.entries[0].reason };
  }
  for (const { name, kind } of entries) {
    const path = `${folder}/${name}`;
    if (kind !== "file") yield { path, reason: kindReason(kind, "file") };
    else if (scratchWriter(name) !== undefined) {
      const reason = "an unfinished pack, of a process that is at work or has crashed";
      yield { path, kind: "unfinished", reason };
    } else if (packedHour(name) === undefined) yield { path, reason: "not the name of a pack" };
  }
}
