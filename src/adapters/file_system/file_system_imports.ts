import { createHash } from "node:crypto";
import { appendFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ImportNotes } from "../../ports/notes/import_notes.ts";
import { readNotes, writingNotes } from "./file_system_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";

/**
 * What was imported into the archive in `root`: a text file a source, in its state folder. They are not flushed: after
 * a power cut the last ones may be gone.
 */
export function fileSystemImports(root: string): ImportNotes {
  const folder = join(resolve(root), STATE_FOLDER, "imports");
  // Addresses come from outside, and may be longer than a name can be.
  const pathOf = (source: string) =>
    join(folder, `${createHash("sha256").update(source).digest("hex").slice(0, 32)}.txt`);
  return {
    async read(source, { signal } = {}) {
      signal?.throwIfAborted();
      const text = await readNotes(pathOf(source)) ?? "";
      // A line without its end was torn by a crash.
      return new Set(text.split("\n").slice(0, -1));
    },
    async add(source, part) {
      const path = pathOf(source);
      await writingNotes(path, async () => {
        await mkdir(folder, { recursive: true });
        await appendFile(path, `${part}\n`);
      });
    },
  };
}
