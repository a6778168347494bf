import { parseIrcLine } from "../../../core/irc/irc_line.ts";
import type { IrcMessage } from "../../../core/batch/message.ts";
import { type Micros, SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { Chunk } from "../../../ports/transport.ts";
import type { ReceivedLine } from "./listener.ts";
import { LineSplitter } from "./line_splitter.ts";
import { utf8Length } from "./utf8_length.ts";

/** At most this many lines are handed on at a time: a frame full of line ends must not fill memory. */
const LINES_AT_ONCE_MAX = 1_000;

/** Counts are reported this far apart at least: reporting each frame costs more than parsing it. */
const TELLING_US = SECOND_US;

/** What a {@link LineIntake} needs. */
export interface LineIntakeOptions {
  /** Tells when to report counts. */
  readonly clock: Clock;
  /** Gets the counts, once a second at most; the rest with a later chunk or at the end. */
  readonly reporter: Reporter;
  /** Whether a message is of no channel, or of one that was asked for. */
  readonly isAsked: (message: IrcMessage) => boolean;
  /** Takes the lines of each chunk: one to a thousand at a time. */
  readonly take: (lines: readonly ReceivedLine[]) => void;
}

/** Turns the chunks of one connection into parsed lines, and counts them. */
export class LineIntake {
  readonly #options: LineIntakeOptions;
  readonly #splitter = new LineSplitter();
  /** Counts that are not reported yet; of the splitter's, those that are. */
  #counts = { frames: 0, bytes: 0, lines: 0 };
  #told = { empty: 0, replaced: 0 };
  #toldUs: Micros = -Infinity;

  /** An intake of a new connection. */
  constructor(options: LineIntakeOptions) {
    this.#options = options;
  }

  /** Takes `chunk`. Returns when its lines were handed on; throws what `take` throws. */
  push(chunk: Chunk): void {
    let lines: ReceivedLine[] = [];
    const handOn = (): void => {
      const ready = lines;
      lines = [];
      this.#counts.lines += ready.length;
      this.#options.take(ready);
    };
    this.#counts.frames++;
    this.#counts.bytes += typeof chunk === "string" ? utf8Length(chunk) : chunk.length;
    this.#splitter.push(chunk, (line, isPiece) => {
      lines.push(isPiece ? { isPiece, line } : this.#read(line));
      if (lines.length >= LINES_AT_ONCE_MAX) handOn();
    });
    if (lines.length > 0) handOn();
    if (this.#options.clock.elapsedUs() - this.#toldUs >= TELLING_US) this.#tell();
  }

  /** Ends the stream and returns its unfinished last line, if there is one. */
  end(): string | undefined {
    const fragment = this.#splitter.end();
    this.#tell();
    return fragment;
  }

  #read(line: string): ReceivedLine {
    const parsed = parseIrcLine(line);
    const isUnasked = parsed.ok && !this.#options.isAsked(parsed.message);
    return { isPiece: false, line, parsed, isUnasked };
  }

  #tell(): void {
    const { emptyCount, replacedCount } = this.#splitter;
    const { clock, reporter } = this.#options;
    const amounts = Object.entries({
      session_frames: this.#counts.frames,
      session_bytes: this.#counts.bytes,
      session_lines: this.#counts.lines,
      session_empty_lines: emptyCount - this.#told.empty,
      session_replaced_characters: replacedCount - this.#told.replaced,
    });
    for (const [name, amount] of amounts) if (amount > 0) reporter.count(name, undefined, amount);
    this.#counts = { frames: 0, bytes: 0, lines: 0 };
    this.#told = { empty: emptyCount, replaced: replacedCount };
    this.#toldUs = clock.elapsedUs();
  }
}
