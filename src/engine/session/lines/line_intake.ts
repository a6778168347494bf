import { type ParsedLine, parseIrcLine } from "../../../core/irc_line.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { Chunk } from "../../../ports/transport.ts";
import type { ReceivedLine } from "../listener.ts";
import { LineSplitter } from "./line_splitter.ts";
import { utf8Length } from "./utf8_length.ts";

/** So many lines at most are handed on at a time: a frame full of line ends must not fill memory. */
const LINES_AT_ONCE_MAX = 1_000;

/** Turns what comes over one connection into parsed lines, and counts it. */
export class LineIntake {
  readonly #reporter: Reporter;
  readonly #take: (lines: readonly ReceivedLine[]) => void;
  readonly #splitter = new LineSplitter();

  /** An intake that hands `take` the lines of each chunk: one to a thousand at a time. */
  constructor(
    { reporter, take }: {
      readonly reporter: Reporter;
      readonly take: (lines: readonly ReceivedLine[]) => void;
    },
  ) {
    this.#reporter = reporter;
    this.#take = take;
  }

  /** Takes in `chunk`. Returns when its lines were handed on; throws what `take` throws. */
  push(chunk: Chunk): void {
    let lines: ReceivedLine[] = [];
    const handOn = (): void => {
      const ready = lines;
      lines = [];
      this.#reporter.count("session_lines", undefined, ready.length);
      this.#take(ready);
    };
    const { emptyCount, replacedCount } = this.#splitter;
    this.#splitter.push(chunk, (line, isPiece) => {
      lines.push({ line, parsed: isPiece ? tooLong(line) : parseIrcLine(line) });
      if (lines.length >= LINES_AT_ONCE_MAX) handOn();
    });
    if (lines.length > 0) handOn();
    this.#count(chunk, { emptyCount, replacedCount });
  }

  /** Ends the stream and returns its unfinished last line, if there is one. */
  end(): string | undefined {
    return this.#splitter.end();
  }

  #count(chunk: Chunk, before: { emptyCount: number; replacedCount: number }): void {
    const bytes = typeof chunk === "string" ? utf8Length(chunk) : chunk.length;
    this.#reporter.count("session_frames");
    this.#reporter.count("session_bytes", undefined, bytes);
    const empty = this.#splitter.emptyCount - before.emptyCount;
    if (empty > 0) this.#reporter.count("session_empty_lines", undefined, empty);
    const replaced = this.#splitter.replacedCount - before.replacedCount;
    if (replaced > 0) this.#reporter.count("session_replaced_characters", undefined, replaced);
  }
}

function tooLong(line: string): ParsedLine {
  return { ok: false, line, reason: "line too long" };
}
