import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isChannelName } from "../../core/archive/archive_key.ts";
import type { OrderNotes } from "../../ports/notes/order_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError, isAbsence } from "./calls/file_errors.ts";
import { syncFolder } from "./calls/sync_folder.ts";

/** A longer file is not read: chatloom stops before. */
const FILE_MAX_BYTES = 64 * 1024 * 1024;
const SUFFIX = ".txt";

/** Notes about the orders that peers gave to the archive in `root`, in text files in its state folder. */
export function fileSystemOrders(root: string): OrderNotes {
  const folder = join(resolve(root), STATE_FOLDER, "orders");
  const pathOf = (channel: string) => {
    if (!isChannelName(channel)) {
      throw new RangeError(`Cannot keep orders for "${channel}": no channel name`);
    }
    return join(folder, `${channel}${SUFFIX}`);
  };
  const channels = async () => {
    const names = await readdir(folder).catch(emptyIfAbsent);
    return names.filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length)).filter(isChannelName).sort();
  };
  return {
    async channels({ signal } = {}) {
      signal?.throwIfAborted();
      return await doing(`list "${folder}"`, channels);
    },
    async read(channel, { signal } = {}) {
      const path = pathOf(channel);
      signal?.throwIfAborted();
      return await doing(`read "${path}"`, async () => {
        const { size } = await stat(path);
        if (size > FILE_MAX_BYTES) throw new Error(`it is too large: ${size} bytes`);
        return await readFile(path, "utf8");
      }, "");
    },
    async append(channel, lines) {
      const path = pathOf(channel);
      await doing(`write "${path}"`, async () => {
        await mkdir(folder, { recursive: true });
        const file = await open(path, "a+");
        try {
          const { size } = await file.stat();
          const last = new Uint8Array(1);
          if (size > 0) await file.read(last, 0, 1, size - 1);
          // A line that was torn must not swallow the next one.
          await file.writeFile(size > 0 && last[0] !== 0x0a ? `\n${lines}` : lines);
          await file.sync();
        } finally {
          await file.close();
        }
        await syncFolder(folder);
      });
    },
    async sizeBytes() {
      return await doing(`look at "${folder}"`, async () => {
        let bytes = 0;
        for (const channel of await channels()) bytes += (await stat(pathOf(channel))).size;
        return bytes;
      });
    },
  };
}

async function doing<T>(attempt: string, work: () => Promise<T>, absent?: T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (absent !== undefined && isAbsence(cause)) return absent;
    throw fileError(attempt, { cause, otherwise: "STORE_IO" });
  }
}

function emptyIfAbsent(error: unknown): string[] {
  if (isAbsence(error)) return [];
  throw error;
}
