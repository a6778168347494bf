import { type FileHandle, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { JournalReader, ReadableRun } from "../../../ports/journal_store.ts";
import { fileError, isAbsence } from "../calls/file_errors.ts";
import { namesIn } from "../calls/names_in.ts";
import { isRunName, JOURNAL_FOLDER, segmentFile, segmentNumber } from "./journal_names.ts";
import { OPEN_RUNS } from "./open_runs.ts";

const PIECE_BYTES = 256 * 1024;

/** Reads the journals of the archive in the folder `root`, while other processes write them. */
export function fileSystemJournalReader(root: string): JournalReader {
  const folder = join(resolve(root), ...JOURNAL_FOLDER);
  return {
    async runs() {
      const names = await namesIn(folder, "JOURNAL_IO");
      return names.filter(isRunName).map((name) => new FileReadableRun(name, join(folder, name)));
    },
  };
}

class FileReadableRun implements ReadableRun {
  readonly name: string;
  readonly #folder: string;

  constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
  }

  get isOwn(): boolean {
    return OPEN_RUNS.has(this.name);
  }

  async segments(): Promise<readonly number[]> {
    const names = await namesIn(this.#folder, "JOURNAL_IO");
    const numbers = names.map(segmentNumber).filter((number) => number !== undefined);
    return numbers.sort((a, b) => a - b);
  }

  async *read(number: number, fromByte: number): AsyncIterable<Uint8Array> {
    let file: FileHandle | undefined;
    try {
      file = await open(join(this.#folder, segmentFile(number)), "r");
      for (let at = fromByte;;) {
        const bytes = new Uint8Array(PIECE_BYTES);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
        if (bytesRead <= 0) return;
        at += bytesRead;
        yield bytes.subarray(0, bytesRead);
      }
    } catch (cause) {
      if (file === undefined && isAbsence(cause)) return; // Released, or recovered.
      throw fileError(`read journal "${this.#folder}"`, { cause, otherwise: "JOURNAL_IO" });
    } finally {
      await file?.close();
    }
  }
}
