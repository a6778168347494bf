import type { Message } from "../../core/batch/message.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { type Micros, readStart } from "../../core/time.ts";
import { firstLineFrom, lineEnd, lineStart } from "../../core/scan/line_time.ts";
import type { ChatMinute } from "../api/chat/chat_bytes.ts";
import type { WorkBreaks } from "../read/work_breaks.ts";
import type { TimeSpan } from "./minute_finder.ts";

/** A message of a log. */
export interface LogLine {
  /** When it was sent, at the earliest. */
  readonly startUs: Micros;
  readonly message: Message;
}

/** Which messages of a minute are wanted. */
export interface LinePick {
  /** Only messages whose line holds one of these, in any case: plain ASCII in lower case. By default all. */
  readonly needles?: readonly string[] | undefined;
  /** Only these commands. */
  readonly commands: Pick<ReadonlySet<string>, "has">;
  /** Whether the message is wanted. */
  accepts(message: Message): boolean;
}

/** Which lines of a minute to look at, and in which order. */
export interface LineSpan extends TimeSpan {
  /** Newest first. */
  readonly isReversed: boolean;
}

/** How much of a minute is decoded and parsed before the caller gets what it has of it. */
const BLOCK_BYTES = 256 * 1024;

/**
 * The wanted messages of a minute that start in `span`, in its order, some at a time. Only lines that can be wanted
 * are parsed, and none before the caller needs it: finding a text in the bytes of a minute takes a hundredth of
 * parsing it. Takes `breaks`.
 */
export async function* pickLines(
  { bytes }: ChatMinute,
  { span, pick, breaks }: {
    readonly span: LineSpan;
    readonly pick: LinePick;
    readonly breaks: WorkBreaks;
  },
): AsyncGenerator<LogLine[]> {
  const first = firstLineFrom(bytes, span.fromUs);
  const end = firstLineFrom(bytes, span.untilUs);
  for (let [from, to] = [first, end]; from < to;) {
    const block = span.isReversed
      ? bytes.subarray(Math.max(first, lineStart(bytes, Math.max(0, to - BLOCK_BYTES))), to)
      : bytes.subarray(from, Math.min(end, lineEnd(bytes, Math.min(to, from + BLOCK_BYTES) - 1)));
    if (span.isReversed) to -= block.length;
    else from += block.length;
    const lines = await blockLines(ASCII.decode(block), pick, breaks);
    if (lines.length > 0) {
      yield span.isReversed ? lines.reverse() : lines;
      breaks.begin();
    } else await breaks.rest();
  }
}

/** The wanted messages of some lines, in their order. */
async function blockLines(text: string, pick: LinePick, breaks: WorkBreaks): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const starts = pick.needles === undefined ? allStarts(text) : startsWith(text, pick.needles);
  for (const from of starts) {
    if (breaks.isDue) await breaks.take();
    if (isOtherCommand(text, from, pick.commands)) continue;
    const message = parseCanonicalLine(text.slice(from, text.indexOf("\n", from)));
    if (!pick.commands.has(message.command) || !pick.accepts(message)) continue;
    lines.push({ startUs: readStart(message.time), message });
  }
  return lines;
}

const ASCII = new TextDecoder("latin1");
const COMMAND = `{"command":"`;

/** Whether the line surely has another command. Where an unknown field stands in front of it, it may not. */
function isOtherCommand(text: string, from: number, commands: LinePick["commands"]): boolean {
  if (!text.startsWith(COMMAND, from)) return false;
  const at = from + COMMAND.length;
  return !commands.has(text.slice(at, text.indexOf('"', at)));
}

function* allStarts(text: string): Iterable<number> {
  for (let from = 0; from < text.length;) {
    yield from;
    const feed = text.indexOf("\n", from);
    if (feed === -1) return;
    from = feed + 1;
  }
}

/** Where the lines start that hold one of the needles, in order, each once. */
function startsWith(text: string, needles: readonly string[]): number[] {
  const lower = text.toLowerCase(); // Of ASCII it has the same length.
  const starts = new Set<number>();
  for (const needle of needles) {
    for (let at = lower.indexOf(needle); at !== -1;) {
      starts.add(lower.lastIndexOf("\n", at) + 1);
      const feed = lower.indexOf("\n", at);
      if (feed === -1) break;
      at = lower.indexOf(needle, feed);
    }
  }
  return [...starts].sort((a, b) => a - b);
}
