import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { HourNotes } from "../../ports/notes/hour_notes.ts";
import type { PruneMarks } from "../../ports/notes/prune_marks.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError, isAbsence } from "./calls/file_errors.ts";
import { newWriterName } from "./calls/stored_name.ts";
import { syncFolder } from "./calls/sync_folder.ts";

/** Notes are cut off here: chatloom writes no more. */
const NOTES_MAX_BYTES = 8 * 1024 * 1024;

/** Notes about the hours of the archive in `root`, in text files in its state folder. */
export function fileSystemNotes(root: string): HourNotes {
  const folder = join(resolve(root), STATE_FOLDER, "notes");
  const pathOf = (channel: string, hour: string) => {
    if (!isChannelName(channel) || parseHour(hour) === undefined) {
      throw new RangeError(`Cannot keep notes on "${channel}/${hour}": it is no channel's hour`);
    }
    return join(folder, channel, `${hour}.txt`);
  };
  return {
    async read(channel, hour, { signal } = {}) {
      const path = pathOf(channel, hour);
      signal?.throwIfAborted();
      return (await readNotes(path)) ?? "";
    },
    async append(channel, hour, lines) {
      const path = pathOf(channel, hour);
      await writingNotes(path, async () => {
        try {
          await appendFile(path, lines);
        } catch (error) {
          if (!isAbsence(error)) throw error;
          await mkdir(dirname(path), { recursive: true });
          await appendFile(path, lines);
        }
      });
    },
    async replace(channel, hour, lines) {
      const path = pathOf(channel, hour);
      await writingNotes(path, async () => {
        if (lines === "") return await rm(path, { force: true });
        await mkdir(dirname(path), { recursive: true });
        const scratch = `${path}.${newWriterName()}.tmp`;
        await writeFile(scratch, lines);
        await rename(scratch, path);
      });
    },
  };
}

/** Which hours of the archive in `root` are no longer wanted, in text files in its state folder. */
export function fileSystemMarks(root: string): PruneMarks {
  const folder = join(resolve(root), STATE_FOLDER, "pruned");
  const pathOf = (channel: string) => {
    if (!isChannelName(channel)) throw new RangeError(`Cannot mark "${channel}": no channel name`);
    return join(folder, channel);
  };
  return {
    async get(channel, { signal } = {}) {
      signal?.throwIfAborted();
      const path = pathOf(channel);
      const hour = (await readNotes(path))?.trim() ?? "";
      if (hour === "" || parseHour(hour) !== undefined) return hour;
      throw new ChatloomError("STORE_IO", `Cannot read the mark "${path}": it names no hour`);
    },
    async set(channel, hour) {
      const path = pathOf(channel);
      await writingNotes(path, async () => {
        if (hour === "") return await rm(path, { force: true });
        await mkdir(folder, { recursive: true });
        const scratch = join(folder, `.${newWriterName()}.tmp`);
        await writeSafely(scratch, `${hour}\n`);
        await rename(scratch, path);
        await syncFolder(folder);
      });
    },
  };
}

/**
 * The text of the notes in `path`, at most the last 8 MiB of it; `undefined` if there are none.
 *
 * @throws {ChatloomError} `STORE_DENIED` or `STORE_IO`
 */
export async function readNotes(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    return text.length > NOTES_MAX_BYTES ? text.slice(-NOTES_MAX_BYTES) : text;
  } catch (cause) {
    if (isAbsence(cause)) return undefined;
    throw fileError(`read "${path}"`, { cause, otherwise: "STORE_IO" });
  }
}

/**
 * Runs `work`, which writes notes to `path`.
 *
 * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
 */
export async function writingNotes(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw fileError(`write "${path}"`, { cause, otherwise: "STORE_IO" });
  }
}

async function writeSafely(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
