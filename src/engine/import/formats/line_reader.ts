import { type FormatReader, type FoundEntry, refused } from "./format_reader.ts";
import { TextLines } from "./parts/text_lines.ts";

/** A reader of a format whose entries are lines: it cuts the text, and a format says what a line is. */
export abstract class LineReader implements FormatReader {
  readonly #lines: TextLines;

  /** @param lengthMax the longest line, in UTF-16 units; by default that of {@link TextLines} */
  constructor(lengthMax?: number) {
    this.#lines = new TextLines(lengthMax);
  }

  /** See {@link FormatReader}. */
  push(text: string): Iterable<FoundEntry> {
    return this.#takeAll(this.#lines.push(text));
  }

  /** See {@link FormatReader}. */
  end(options: { readonly isTorn: boolean }): Iterable<FoundEntry> {
    return this.#takeAll(this.#lines.end(options));
  }

  /** The entries of one line, which is not empty. */
  protected abstract take(line: string): Iterable<FoundEntry>;

  *#takeAll(lines: readonly (string | undefined)[]): Iterable<FoundEntry> {
    for (const line of lines) {
      if (line === undefined) yield refused("line too long");
      else yield* this.take(line);
    }
  }
}
