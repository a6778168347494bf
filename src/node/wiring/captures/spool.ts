import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A copy of a source that can be read only once. */
export interface Spooled {
  readonly path: string;
  /** Deletes it. */
  dispose(): Promise<void>;
}

/** At most this much is copied: the disk of temporary files is often small. */
const SPOOL_MAX_BYTES = 8 * 1024 ** 3;

/**
 * Copies all that `source` yields to a temporary file.
 *
 * @throws {RangeError} when it is longer than 8 GiB.
 */
export async function spool(source: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), "chatloom-import-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, "capture");
  try {
    const file = await open(path, "wx", 0o600);
    try {
      let byteCount = 0;
      for await (const bytes of source) {
        byteCount += bytes.length;
        if (byteCount > SPOOL_MAX_BYTES) {
          throw new RangeError("it is longer than 8 GiB: save it as a file");
        }
        await file.writeFile(bytes);
      }
    } finally {
      await file.close();
    }
    return { path, dispose };
  } catch (error) {
    await dispose().catch(() => {}); // The first failure is thrown.
    throw error;
  }
}
