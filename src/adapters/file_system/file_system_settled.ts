import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import { newWriterName } from "./calls/stored_name.ts";
import { readNotes, writingNotes } from "./file_system_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";

const LINE = /^(\S{13}) ([A-Za-z0-9_-]+)$/;

/**
 * Which hours of the archive in `root` are settled, in a text file a channel in its state folder. They are
 * not flushed: after a power cut they may be gone.
 */
export function fileSystemSettled(root: string): SettledNotes {
  const folder = join(resolve(root), STATE_FOLDER, "settled");
  const pathOf = (channel: string) => {
    if (!isChannelName(channel)) throw new RangeError(`Cannot note "${channel}": no channel name`);
    return join(folder, channel);
  };
  return {
    async read(channel, { signal } = {}) {
      const path = pathOf(channel);
      signal?.throwIfAborted();
      const notes = new Map<string, string>();
      for (const line of (await readNotes(path) ?? "").split("\n")) {
        const [, hour = "", note = ""] = LINE.exec(line) ?? [];
        if (parseHour(hour) !== undefined) notes.set(hour, note);
      }
      return notes;
    },
    async write(channel, notes) {
      const path = pathOf(channel);
      const lines = [...notes].sort().map(([hour, note]) => `${hour} ${note}\n`);
      await writingNotes(path, async () => {
        await mkdir(folder, { recursive: true });
        const scratch = join(folder, `.${newWriterName()}.tmp`);
        await writeFile(scratch, lines.join(""));
        await rename(scratch, path);
      });
    },
  };
}
