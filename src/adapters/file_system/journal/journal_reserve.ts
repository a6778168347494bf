import { join } from "node:path";
import type { FileCalls, GrowingFile } from "../calls/file_calls.ts";

/** The file of a run that holds its reserve. */
export const RESERVE_FILE = "reserve.bin";

const RESERVE_BYTES = 64 * 1024 * 1024;
const SLICE_BYTES = 1024 * 1024;
/** How much is given up at a time: other programs fill what is free. */
const GIVEN_UP_BYTES = 4 * SLICE_BYTES;
/** A reserve is made only where this many times as much is free: it must not fill the disk itself. */
const FREE_FACTOR = 8;

/** How a {@link JournalReserve} is made. */
export interface JournalReserveOptions {
  readonly calls: FileCalls;
  /** The folder of the run. */
  readonly folder: string;
  /** How large the reserve is, in bytes. @default 64 MiB */
  readonly sizeBytes?: number | undefined;
  /** Called with what is left when some was given up, and when all of it is there again. */
  readonly onChange?: ((change: ReserveChange) => void) | undefined;
}

/** The state of a {@link JournalReserve}. */
export interface ReserveChange {
  /** `true` when it was made whole again, `false` when a part was given up. */
  readonly isWhole: boolean;
  /** How many bytes are left. */
  readonly leftBytes: number;
}

/**
 * Space that a journal reserves for when the disk is full: a file of bytes without
 * meaning, truncated as the journal needs room, and refilled when there is plenty.
 *
 * Nothing here throws. Where no reserve can be made there is none.
 */
export class JournalReserve {
  readonly #options: JournalReserveOptions;
  readonly #sizeBytes: number;
  #file: GrowingFile | undefined;
  #lengthBytes = 0;
  #wasGivenUp = false;
  #making: Promise<void> | undefined;
  #isClosed = false;

  /** A reserve that takes no space before {@link JournalReserve.keep}. */
  constructor(options: JournalReserveOptions) {
    this.#options = options;
    this.#sizeBytes = options.sizeBytes ?? RESERVE_BYTES;
  }

  /** Frees a part of the reserve. Returns whether there was any left. */
  giveUp(): boolean {
    if (this.#file === undefined || this.#lengthBytes === 0) return false;
    const leftBytes = Math.max(0, this.#lengthBytes - GIVEN_UP_BYTES);
    try {
      this.#file.truncate(leftBytes);
    } catch {
      return false; // The caller reports its own failure.
    }
    this.#lengthBytes = leftBytes;
    this.#wasGivenUp = true;
    this.#options.onChange?.({ isWhole: false, leftBytes });
    return true;
  }

  /** Refills the reserve in the background, if there is plenty of room. */
  keep(): void {
    if (this.#isClosed || this.#making !== undefined || this.#lengthBytes === this.#sizeBytes) {
      return;
    }
    this.#making = this.#make()
      .catch(() => {}) // No room, or no right: tried again with the next sign of life.
      .finally(() => this.#making = undefined);
  }

  /** Closes the reserve. Its file is removed with the folder of the run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#making;
    try {
      this.#file?.truncate(0);
      this.#file?.close();
    } catch {
      // Nothing in it counts.
    }
    this.#file = undefined;
  }

  async #make(): Promise<void> {
    const { calls, folder, onChange } = this.#options;
    if (await calls.freeBytes(folder) < FREE_FACTOR * this.#sizeBytes) return;
    if (this.#isClosed) return;
    const file = this.#file ??= calls.createGrowing(join(folder, RESERVE_FILE));
    const slice = noise(SLICE_BYTES);
    while (this.#lengthBytes < this.#sizeBytes && !this.#isClosed) {
      const count = Math.min(slice.length, this.#sizeBytes - this.#lengthBytes);
      const taken = file.write(slice.subarray(0, count), 0);
      if (taken <= 0) return;
      this.#lengthBytes += taken;
      await file.sync(); // Also lets others have their turn between two slices.
    }
    if (this.#lengthBytes < this.#sizeBytes) return;
    if (this.#wasGivenUp) onChange?.({ isWhole: true, leftBytes: this.#lengthBytes });
    this.#wasGivenUp = false;
  }
}

/** Bytes that no file system compresses: otherwise the reserve would take no space. */
function noise(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const atOnce = 65_536; // More is refused.
  for (let at = 0; at < count; at += atOnce) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(count, at + atOnce)));
  }
  return bytes;
}
