import { sentUs } from "../../../core/batch/content.ts";
import { KEPT_COMMANDS } from "../../../core/batch/message.ts";
import { foldChannel } from "../../../core/irc/fold_channel.ts";
import { parseIrcLine } from "../../../core/irc/irc_line.ts";
import { rangeBetween } from "../../../core/recording/server_time.ts";
import { type Micros, SECOND_US } from "../../../core/time.ts";
import { type FoundEntry, refused } from "./format_reader.ts";
import { LineReader } from "./line_reader.ts";

/** A line that tells no time waits for the next one that does. */
interface Waiting {
  readonly line: string;
  readonly afterUs: Micros | undefined;
}

/** More lines without a time in a row have none near enough. */
const WAITING_MAX = 1_000;

/**
 * A reader of raw lines of IRC as justlog stores and rustlog serves them: lines as Twitch sent them, which
 * tell their time. One that does not gets the range between those around it, if that is short enough.
 */
export class RawLineReader extends LineReader {
  #waiting: Waiting[] = [];
  #lastUs: Micros | undefined;
  /** Tells equal lines apart that have no time of their own. */
  #ordinal = 0;

  /** See {@link FormatReader}. */
  override *end(options: { readonly isTorn: boolean }): Iterable<FoundEntry> {
    yield* super.end(options);
    yield* this.#place(undefined);
  }

  protected override *take(line: string): Iterable<FoundEntry> {
    const parsed = parseIrcLine(line);
    if (!parsed.ok) return yield refused("no line of IRC");
    const atUs = sentUs(parsed.message.tags);
    if (!KEPT_COMMANDS.has(parsed.message.command)) return yield refused("command not kept", atUs);
    if (atUs === undefined) {
      if (this.#waiting.length >= WAITING_MAX) yield* this.#place(undefined);
      this.#waiting.push({ line, afterUs: this.#lastUs });
      return;
    }
    if (this.#waiting.length > 0) yield* this.#place(atUs);
    this.#lastUs = atUs;
    const folded = foldChannel(line, parsed.message);
    yield { kind: "message", ...folded, startUs: atUs, endUs: atUs, receivedUs: atUs };
  }

  *#place(beforeUs: Micros | undefined): Iterable<FoundEntry> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { line, afterUs } of waiting) {
      const parsed = parseIrcLine(line);
      const range = parsed.ok ? rangeBetween(parsed.message, { afterUs, beforeUs }) : undefined;
      if (!parsed.ok || range === undefined) {
        yield refused("no time near enough", afterUs ?? beforeUs);
        continue;
      }
      const receivedUs = range.startUs + ++this.#ordinal % SECOND_US;
      yield { kind: "message", ...foldChannel(line, parsed.message), ...range, receivedUs };
    }
  }
}
