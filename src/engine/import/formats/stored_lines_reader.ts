import { parseMessageLine } from "../../../core/batch/batch.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import { readRange } from "../../../core/time.ts";
import { type FoundEntry, refused } from "./format_reader.ts";
import { LineReader } from "./line_reader.ts";

/** The longest line of a batch that is read, in UTF-16 units: many receivers make it long. */
const LINE_LENGTH_MAX = 4 * 1024 * 1024;

/** A reader of lines of batches, as `cat` prints and `export` writes them: they keep their receivers. */
export class StoredLinesReader extends LineReader {
  /** A reader that has read nothing. */
  constructor() {
    super(LINE_LENGTH_MAX);
  }

  protected override *take(line: string): Iterable<FoundEntry> {
    yield toEntry(line);
  }
}

function toEntry(line: string): FoundEntry {
  try {
    const stored = parseMessageLine(line, 1);
    const { startUs, endUs } = readRange(stored);
    return { kind: "stored", message: stored, stored, line, startUs, endUs };
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    return refused("no message of a batch");
  }
}
