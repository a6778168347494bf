import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { SuspectNotes } from "../../ports/remote/suspect_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError } from "./calls/file_errors.ts";
import { syncFolder } from "./calls/sync_folder.ts";

/** Notes in the state folder of `root`: a file for each message that is being handled, as long as it has bytes. */
export function fileSystemSuspects(root: string): SuspectNotes {
  const folder = join(resolve(root), STATE_FOLDER, "suspects");
  const pathOf = (id: string) => join(folder, createHash("sha256").update(id).digest("hex"));
  return {
    async add(id) {
      const path = pathOf(id);
      try {
        await mkdir(folder, { recursive: true });
        // One more byte each time: a crash in the middle of it can spoil no number.
        const file = await open(path, "a");
        try {
          await file.writeFile(".");
          await file.sync();
        } finally {
          await file.close();
        }
        await syncFolder(folder);
        return (await readFile(path)).length;
      } catch (cause) {
        throw fileError(`note a message in "${path}"`, { cause, otherwise: "STORE_IO" });
      }
    },
    async remove(id) {
      await rm(pathOf(id), { force: true }).catch(() => {}); // It counts once more, if it ever comes again.
    },
  };
}
