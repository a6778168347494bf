import { close, constants, open, read } from "node:fs";
import { promisify } from "node:util";
import { systemClock } from "../../../adapters/system/system_clock.ts";

const PIECE_BYTES = 65_536;
const LOOK_EVERY_MS = 20;
const CLOCK = systemClock();

/** A pipe without data for this long has no writer. */
const WRITER_WAIT_MS = 10_000;

/**
 * Yields what is written to a named pipe until its writer closes it. Opened so that nothing blocks:
 * waiting for a writer must end when `signal` aborts.
 *
 * @throws {Error} when no writer comes within 10 s; `signal.reason` when it aborts.
 */
export async function* readPipe(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fd = await promisify(open)(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    let hasBegun = false;
    const giveUpMs = performance.now() + WRITER_WAIT_MS;
    for (;;) {
      signal.throwIfAborted();
      const bytes = await readPiece(fd);
      if (bytes !== undefined && bytes.length > 0) {
        hasBegun = true;
        yield bytes;
        continue;
      }
      // An empty read is the end of a pipe that had a writer, and the start of one without.
      if (bytes !== undefined && hasBegun) return;
      if (bytes === undefined) hasBegun = true;
      else if (performance.now() > giveUpMs) throw new Error("it is a pipe that has no writer");
      await CLOCK.sleep(LOOK_EVERY_MS, signal);
    }
  } finally {
    close(fd, () => {});
  }
}

/** The bytes that can be read now; empty without a writer; `undefined` if the writer has not written. */
function readPiece(fd: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const buffer = new Uint8Array(PIECE_BYTES);
    read(fd, buffer, 0, PIECE_BYTES, null, (error, length) => {
      if (!error) resolve(buffer.subarray(0, length));
      else if (error.code === "EAGAIN" || error.code === "EWOULDBLOCK") resolve(undefined);
      else reject(error);
    });
  });
}
