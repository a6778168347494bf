import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { ChatloomError } from "../../../core/errors/errors.ts";
import type { DeadRun } from "../../../ports/journal_store.ts";
import { entriesOf } from "../store/archive_walk.ts";
import type { DurableFiles } from "../calls/durable_files.ts";
import type { FileCalls, OpenFile } from "../calls/file_calls.ts";
import { fileError, isAbsence } from "../calls/file_errors.ts";
import { segmentFile, segmentNumber } from "./journal_names.ts";
import { newWriterName } from "../calls/stored_name.ts";

const PIECE_BYTES = 256 * 1024;

/** The name of a removed run until the last of its files is gone. */
export const REMOVED_PREFIX = ".removed-";

/** A run in a folder, whose process is gone. */
export class FileDeadRun implements DeadRun {
  readonly name: string;
  readonly #calls: FileCalls;
  readonly #files: DurableFiles;
  readonly #folder: string;
  readonly #asideFolder: string;
  readonly #isStillDead: () => Promise<boolean>;

  /** The run in `folder`; what goes into quarantine is written to `asideFolder`. */
  constructor(
    name: string,
    { calls, files, folder, asideFolder, isStillDead }: {
      readonly calls: FileCalls;
      readonly files: DurableFiles;
      readonly folder: string;
      readonly asideFolder: string;
      /** Checked once more before the run is removed. */
      isStillDead(): Promise<boolean>;
    },
  ) {
    this.name = name;
    this.#calls = calls;
    this.#files = files;
    this.#folder = folder;
    this.#asideFolder = asideFolder;
    this.#isStillDead = isStillDead;
  }

  async *segments(): AsyncIterable<number> {
    try {
      const entries = await entriesOf(this.#calls, this.#folder);
      const numbers = entries.filter(({ kind }) => kind === "file")
        .map(({ name }) => segmentNumber(name)).filter((number) => number !== undefined);
      yield* numbers.sort((a, b) => a - b);
    } catch (cause) {
      throw this.#error("read", cause);
    }
  }

  read(number: number): AsyncIterable<Uint8Array> {
    return readSegment(this.#calls, { folder: this.#folder, number });
  }

  async setAside(bytes: Uint8Array): Promise<string> {
    // Named by content: a recovery that crashed and is done again leaves one copy.
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    const name = `${this.name}-${digest}.log`;
    try {
      await this.#files.ensureFolder(this.#asideFolder);
      await this.#files.write(this.#asideFolder, { name, bytes });
    } catch (cause) {
      throw this.#error("set aside a part of", cause);
    }
    return join(this.#asideFolder, name);
  }

  async remove(): Promise<void> {
    // Its process may have been frozen, and have gone on while the run was recovered.
    if (!await this.#isStillDead()) return;
    // Renamed first, so that no reader ever takes a part of the run for the whole.
    const removed = join(dirname(this.#folder), `${REMOVED_PREFIX}${this.name}-${newWriterName()}`);
    try {
      await this.#calls.rename(this.#folder, removed);
      await removeFolder(this.#calls, removed);
    } catch (cause) {
      if (!isAbsence(cause)) throw this.#error("remove", cause);
    }
  }

  #error(attempt: string, cause: unknown): ChatloomError {
    return fileError(`${attempt} journal "${this.#folder}"`, { cause, otherwise: "JOURNAL_IO" });
  }
}

/**
 * Yields the bytes of a segment in chunks; nothing if it is not there.
 *
 * @throws {ChatloomError} `STORE_DENIED` or `JOURNAL_IO`
 */
export async function* readSegment(
  calls: FileCalls,
  { folder, number }: { readonly folder: string; readonly number: number },
): AsyncIterable<Uint8Array> {
  let file: OpenFile | undefined;
  try {
    file = await calls.open(join(folder, segmentFile(number)));
    for (;;) {
      const bytes = new Uint8Array(PIECE_BYTES);
      const count = await file.read(bytes, 0);
      if (count <= 0) return;
      yield bytes.subarray(0, count);
    }
  } catch (cause) {
    // Another process has recovered the run since.
    if (file === undefined && isAbsence(cause)) return;
    throw fileError(`read journal "${folder}"`, { cause, otherwise: "JOURNAL_IO" });
  } finally {
    await file?.close();
  }
}

/** Removes a folder and the files in it. What is gone already does not matter. */
export async function removeFolder(calls: FileCalls, folder: string): Promise<void> {
  for (const { name } of await calls.names(folder)) {
    await calls.remove(join(folder, name)).catch((error) => {
      if (!isAbsence(error)) throw error;
    });
  }
  await calls.removeFolder(folder);
}
