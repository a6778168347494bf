import { encodeLines, formatRange } from "../batch.ts";
import { formatSeconds, formatString, isPlainText } from "../text/canonical_json.ts";
import { type Content, contentOf } from "../content.ts";
import { cutEnd, type LaterTimestamp } from "./later_timestamps.ts";
import { LineBytes } from "./line_bytes.ts";
import { LineTranscoder } from "./line_transcoder.ts";
import type { IrcMessage } from "../message.ts";
import type { TimeRange } from "../server_time.ts";
import { compareText } from "../sighting.ts";
import { SightingSet } from "../sighting_set.ts";
import { type Micros, toSeconds } from "../time.ts";

/** How one connection got a message. */
export interface Hearing {
  /** The line that brought it. */
  readonly line: string;
  readonly receiver: string;
  /** By the receiver's clock, in whole microseconds. */
  readonly receivedUs: Micros;
}

/** A batch as a file, and how many lines it has. */
export interface EncodedBatch {
  /** Fresh for the caller. */
  readonly bytes: Uint8Array;
  readonly lineCount: number;
}

interface RangedMessage {
  readonly content: Content;
  readonly receiver: string;
  readonly receivedUs: Micros;
  readonly startUs: Micros;
  endUs: Micros;
  /** What may still cut the range; `undefined` once the batch is closed. */
  later: LaterTimestamp | undefined;
}

// Speed, not state: it is empty between two lines.
const TRANSCODER = new LineTranscoder();

/**
 * What the connections of one machine heard of one minute of a channel, in the order in which it
 * came; its normal form makes a file.
 *
 * Exact messages become lines of the file as they come: a recorder of a busy channel holds bytes
 * instead of a hundred strings a message. Ranged ones wait, as later timestamps cut their ranges.
 */
export class HeardBatch {
  /** The lines of exact messages; once encoded, those of ranged ones behind them. */
  readonly #lines = new LineBytes();
  /** Of each line: its time, and where it ends, its line feed included. */
  readonly #startsUs: Micros[] = [];
  readonly #ends: number[] = [];
  readonly #ranged: RangedMessage[] = [];
  readonly #receivers = new Set<string>();
  /** The one that was heard of last, and its key in a line. */
  #receiver = "";
  #receiverKey: Uint8Array = new Uint8Array();
  readonly #commands = new Map<string, number>();
  #messageCount = 0;
  #encoded: EncodedBatch | undefined;

  /** How many messages were added. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** How many messages were added, by command. */
  get commandCounts(): ReadonlyMap<string, number> {
    return this.#commands;
  }

  /** Adds a message that says when it was sent. */
  addExact(message: IrcMessage, sentUs: Micros, { line, receiver, receivedUs }: Hearing): void {
    this.#count(message, receiver);
    const fields = { receiverKey: this.#receiverKey, receivedUs, sentUs };
    if (!TRANSCODER.transcode(line, this.#lines, fields)) {
      const { a, b, c, d } = contentOf(message, { isPlain: isPlainText(line) });
      const receivers = `{${formatString(receiver)}:${formatSeconds(receivedUs)}}`;
      this.#lines.addLine(`${a}${receivers}${b}${formatSeconds(sentUs)}${c}0.0${d}`);
    }
    this.#startsUs.push(sentUs);
    this.#ends.push(this.#lines.length);
  }

  /** Adds a message of which a range is known, and what may still cut it. */
  addRanged(
    message: IrcMessage,
    { range, later }: { readonly range: TimeRange; readonly later: LaterTimestamp },
    { line, receiver, receivedUs }: Hearing,
  ): void {
    this.#count(message, receiver);
    const content = contentOf(message, { isPlain: isPlainText(line) });
    this.#ranged.push({ content, receiver, receivedUs, ...range, later });
  }

  /**
   * From now on no timestamp cuts a range. Whoever replays a journal closes a batch at the same line,
   * so what comes while it waits to be stored must not tell in its bytes. Twice is fine.
   */
  close(): void {
    for (const message of this.#ranged) {
      if (message.later === undefined) continue;
      message.endUs = cutEnd(message, message.later);
      message.later = undefined;
    }
  }

  #count({ command }: IrcMessage, receiver: string): void {
    if (receiver !== this.#receiver) {
      this.#receiver = receiver;
      this.#receiverKey = UTF8.encode(`${formatString(receiver)}:`);
      this.#receivers.add(receiver);
    }
    this.#messageCount++;
    this.#commands.set(command, (this.#commands.get(command) ?? 0) + 1);
  }

  /** Closes the batch: the normal form of all that was added. Nothing may be added afterwards. */
  encode(): EncodedBatch {
    this.close();
    return this.#encoded ??= this.#receivers.size <= 1 ? this.#encodeLines() : this.#encodeAsSet();
  }

  /** What one receiver heard is in normal form line by line, unless it heard a message twice. */
  #encodeLines(): EncodedBatch {
    const exactCount = this.#ends.length;
    const lengthsUs = new Array<Micros>(exactCount).fill(0);
    for (const message of this.#ranged) {
      const { startUs, endUs } = message;
      const lengthUs = endUs - startUs;
      this.#lines.addLine(rangedText(message));
      this.#startsUs.push(startUs);
      this.#ends.push(this.#lines.length);
      lengthsUs.push(lengthUs);
    }
    const startsUs = this.#startsUs;
    const order = startsUs.map((_, i) => i);
    order.sort((i, j) =>
      startsUs[i]! - startsUs[j]! || lengthsUs[i]! - lengthsUs[j]! ||
      compareText(this.#textOf(i), this.#textOf(j))
    );
    for (let at = 1; at < order.length; at++) {
      const [i, j] = [order[at - 1]!, order[at]!];
      // Two exact lines of one content are one message; two ranged ones happened twice.
      if (startsUs[i] !== startsUs[j] || i >= exactCount || j >= exactCount) continue;
      if (contentText(this.#textOf(i)) === contentText(this.#textOf(j))) {
        return this.#encodeAsSet(exactCount);
      }
    }
    return { bytes: this.#inOrder(order), lineCount: order.length };
  }

  #textOf(i: number): string {
    return LATIN1.decode(this.#lines.bytes.subarray(this.#ends[i - 1] ?? 0, this.#ends[i]! - 1));
  }

  /** A copy of the lines. Most came in order: those next to each other are copied in one go. */
  #inOrder(order: readonly number[]): Uint8Array {
    const bytes = new Uint8Array(this.#lines.length);
    let at = 0;
    for (let first = 0; first < order.length;) {
      let next = first + 1;
      while (next < order.length && order[next] === order[next - 1]! + 1) next++;
      const from = this.#ends[order[first]! - 1] ?? 0;
      const to = this.#ends[order[next - 1]!]!;
      bytes.set(this.#lines.bytes.subarray(from, to), at);
      at += to - from;
      first = next;
    }
    return bytes;
  }

  #encodeAsSet(exactCount = this.#ends.length): EncodedBatch {
    const set = new SightingSet();
    const exact = this.#lines.bytes.slice(0, this.#ends[exactCount - 1] ?? 0);
    set.add(exact, { isOwned: true });
    for (const { content, receiver, receivedUs, startUs, endUs } of this.#ranged) {
      const receivedS = toSeconds(receivedUs);
      set.addSighting(content, { receiver, receivedS, startUs, endUs, sentUs: undefined });
    }
    const lines = set.lines();
    return { bytes: encodeLines(lines), lineCount: lines.length };
  }
}

const UTF8 = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");

/** The line of a ranged message that one receiver heard. */
function rangedText(
  { content: { a, b, c, d }, receiver, receivedUs, startUs, endUs }: RangedMessage,
): string {
  const receivers = `{${formatString(receiver)}:${formatSeconds(receivedUs)}}`;
  const time = formatSeconds(startUs);
  return `${a}${receivers}${b}${time}${c}${formatRange({ startUs, endUs })}${d}`;
}

/** A line of one receiver without what may differ between two exact lines of the same message. */
function contentText(line: string): string {
  return line.replace(/"receivers":\{"[^"]*":[^}]*\}/, "");
}
