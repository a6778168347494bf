import { parseMessageLine } from "../../../core/batch/batch.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import { readRange } from "../../../core/time.ts";
import { type FormatReader, type FoundEntry, refused } from "./format_reader.ts";
import { TextLines } from "./parts/text_lines.ts";

/** The longest line of a batch that is read, in UTF-16 units: many receivers make it long. */
const LINE_LENGTH_MAX = 4 * 1024 * 1024;

/** A reader of lines of batches, as `cat` prints and `export` writes them: they keep their receivers. */
export class StoredLinesReader implements FormatReader {
  readonly #lines = new TextLines(LINE_LENGTH_MAX);

  /** See {@link FormatReader}. */
  *push(text: string): Iterable<FoundEntry> {
    for (const line of this.#lines.push(text)) yield toEntry(line);
  }

  /** See {@link FormatReader}. */
  *end(options: { readonly isTorn: boolean }): Iterable<FoundEntry> {
    for (const line of this.#lines.end(options)) yield toEntry(line);
  }
}

function toEntry(line: string | undefined): FoundEntry {
  if (line === undefined) return refused("line too long");
  try {
    const stored = parseMessageLine(line, 1);
    const { startUs, endUs } = readRange(stored);
    return { kind: "stored", message: stored, stored, line, startUs, endUs };
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    return refused("no message of a batch");
  }
}
