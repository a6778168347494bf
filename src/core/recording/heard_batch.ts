import { encodeLines, formatRange, splitBatch } from "../batch/batch.ts";
import { formatSeconds, formatString, isPlainText } from "../json/canonical_json.ts";
import { type Content, contentKey, contentOf } from "../batch/content.ts";
import { ChunkedBytes } from "./chunked_bytes.ts";
import { freeMemory } from "./free_memory.ts";
import { cutEnd, type LaterTimestamp } from "./later_timestamps.ts";
import { LineBytes } from "./line_bytes.ts";
import { LineTranscoder } from "./line_transcoder.ts";
import type { IrcMessage } from "../batch/message.ts";
import type { TimeRange } from "./server_time.ts";
import { compareText } from "../grouping/sighting.ts";
import { SightingSet } from "../merge/sighting_set.ts";
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
  /** Fresh for the caller; empty once the batch is freed. */
  readonly bytes: Uint8Array;
  readonly lineCount: number;
}

interface RangedMessage {
  /** Where its content stands among the contents, and ends. */
  readonly from: number;
  readonly to: number;
  readonly receiver: string;
  readonly receivedUs: Micros;
  readonly startUs: Micros;
  endUs: Micros;
  /** What may still cut the range; `undefined` once the batch is closed. */
  later: LaterTimestamp | undefined;
}

// Speed, not state: both are empty between two lines.
const TRANSCODER = new LineTranscoder();
const SCRATCH = new LineBytes();

// What is held of a message beside its bytes: two numbers in lists, or an object of seven fields.
const EXACT_OVERHEAD_BYTES = 16;
const RANGED_OVERHEAD_BYTES = 128;

/**
 * What the connections of one machine heard of one minute of a channel, in the order in which it
 * came; its normal form makes a file.
 *
 * Exact messages become lines of the file as they come: a recorder of a busy channel holds bytes
 * instead of a hundred strings a message. Ranged ones wait, as later timestamps cut their ranges;
 * they are bytes too, since a piece of a string would keep the whole frame that brought it.
 */
export class HeardBatch {
  /** The lines of exact messages, as they came. */
  readonly #lines = new ChunkedBytes();
  /** Of each of them: its time, and where it ends, its line feed included. */
  #startsUs: Micros[] = [];
  #ends: number[] = [];
  /** The contents of ranged messages, each as {@link contentKey} makes it. */
  readonly #contents = new ChunkedBytes();
  #ranged: RangedMessage[] = [];
  /** What {@link HeardBatch.addLine} added. */
  #known: SightingSet | undefined;
  #hasKnown = false;
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

  /** The connection that heard all of it; `undefined` if there are several, or it is not known. */
  get soleReceiver(): string | undefined {
    const isSole = this.#receivers.size === 1 && !this.#hasKnown;
    return isSole ? [...this.#receivers][0] : undefined;
  }

  /** How many bytes of memory it takes, about. At most twice what its file has, and a kilobyte. */
  get heldBytes(): number {
    return (this.#encoded?.bytes.length ?? 0) + this.#lines.capacity + this.#contents.capacity +
      EXACT_OVERHEAD_BYTES * this.#ends.length + RANGED_OVERHEAD_BYTES * this.#ranged.length;
  }

  /** Adds a message that says when it was sent. */
  addExact(message: IrcMessage, sentUs: Micros, { line, receiver, receivedUs }: Hearing): void {
    this.#count(message, receiver);
    const fields = { receiverKey: this.#receiverKey, receivedUs, sentUs };
    if (!TRANSCODER.transcode(line, SCRATCH, fields)) {
      const { a, b, c, d } = contentOf(message, { isPlain: isPlainText(line) });
      const receivers = `{${formatString(receiver)}:${formatSeconds(receivedUs)}}`;
      SCRATCH.addLine(`${a}${receivers}${b}${formatSeconds(sentUs)}${c}0.0${d}`);
    }
    this.#lines.add(SCRATCH.bytes.subarray(0, SCRATCH.length));
    SCRATCH.clear();
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
    const from = this.#contents.length;
    const content = contentOf(message, { isPlain: isPlainText(line) });
    this.#contents.add(UTF8.encode(contentKey(content)));
    this.#ranged.push({ from, to: this.#contents.length, receiver, receivedUs, ...range, later });
  }

  /**
   * Adds what one of {@link HeardBatch.lines} says.
   *
   * @throws {BatchSyntaxError} when it is no line of a batch; then nothing was added.
   */
  addLine(line: string): void {
    (this.#known ??= new SightingSet()).add(UTF8.encode(line), { isOwned: true });
    this.#hasKnown = true;
    this.#messageCount++;
    const command = /^\{"command":"([^"\\]*)"/.exec(line)?.[1] ?? "";
    this.#commands.set(command, (this.#commands.get(command) ?? 0) + 1);
  }

  /**
   * Yields lines of a batch, in no order and without line feeds, that together say all that was added
   * by now. The ranges of messages are cut as far as is known.
   */
  *lines(): Iterable<string> {
    if (this.#encoded !== undefined) {
      yield* splitBatch(this.#encoded.bytes);
      return;
    }
    if (this.#known !== undefined) yield* splitBatch(this.#known.encode());
    for (let i = 0; i < this.#ends.length; i++) yield this.#textOf(i);
    for (const message of this.#ranged) {
      const { endUs, later } = message;
      const cutUs = later === undefined ? endUs : cutEnd(message, later);
      yield rangedText(this.#contentOf(message), { ...message, endUs: cutUs });
    }
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
    if (this.#encoded !== undefined) return this.#encoded;
    this.close();
    const isOneReceivers = this.#receivers.size <= 1 && this.#known === undefined;
    this.#encoded = (isOneReceivers ? this.#encodeLines() : undefined) ?? this.#encodeAsSet();
    // While it waits to be stored it is in memory once.
    this.#lines.clear();
    this.#contents.clear();
    this.#startsUs = [];
    this.#ends = [];
    this.#ranged = [];
    this.#known = undefined;
    return this.#encoded;
  }

  /** Gives memory back once the batch is stored: of what it holds, only counts are left. */
  free(): void {
    if (this.#encoded !== undefined) freeMemory(this.#encoded.bytes);
  }

  /**
   * What one receiver heard is in normal form line by line, unless it heard a message twice: then
   * `undefined`.
   */
  #encodeLines(): EncodedBatch | undefined {
    const exactCount = this.#ends.length;
    const lengthsUs = new Array<Micros>(exactCount).fill(0);
    const startsUs = [...this.#startsUs];
    const rangedTexts: string[] = [];
    for (const message of this.#ranged) {
      const { startUs, endUs } = message;
      const lengthUs = endUs - startUs;
      rangedTexts.push(rangedText(this.#contentOf(message), message));
      startsUs.push(startUs);
      lengthsUs.push(lengthUs);
    }
    const textOf = (i: number) => i < exactCount ? this.#textOf(i) : rangedTexts[i - exactCount]!;
    const order = startsUs.map((_, i) => i);
    order.sort((i, j) =>
      startsUs[i]! - startsUs[j]! || lengthsUs[i]! - lengthsUs[j]! ||
      compareText(textOf(i), textOf(j))
    );
    for (let at = 1; at < order.length; at++) {
      const [i, j] = [order[at - 1]!, order[at]!];
      // Two exact lines of one content are one message; two ranged ones happened twice.
      if (startsUs[i] !== startsUs[j] || i >= exactCount || j >= exactCount) continue;
      if (contentText(textOf(i)) === contentText(textOf(j))) return undefined;
    }
    return { bytes: this.#inOrder(order, rangedTexts), lineCount: order.length };
  }

  #textOf(i: number): string {
    return LATIN1.decode(this.#lines.slice(this.#ends[i - 1] ?? 0, this.#ends[i]! - 1));
  }

  #contentOf({ from, to }: RangedMessage): Content {
    const [a = "", b = "", c = "", d = ""] = LATIN1.decode(this.#contents.slice(from, to))
      .split("\n");
    return { a, b, c, d };
  }

  /** A copy of the lines. Most came in order: those next to each other are copied in one go. */
  #inOrder(order: readonly number[], rangedTexts: readonly string[]): Uint8Array {
    const exactCount = this.#ends.length;
    const rangedBytes = rangedTexts.reduce((sum, text) => sum + text.length + 1, 0);
    const target = new Uint8Array(this.#lines.length + rangedBytes);
    // The first line that is still to be copied, at each place: what lies before it can go, so that
    // the whole batch is never in memory twice.
    const firstLeft = new Int32Array(order.length + 1).fill(exactCount);
    for (let i = order.length - 1; i >= 0; i--) {
      firstLeft[i] = Math.min(order[i]!, firstLeft[i + 1]!);
    }
    let at = 0;
    for (let first = 0; first < order.length;) {
      let next = first + 1;
      if (order[first]! >= exactCount) {
        at +=
          UTF8.encodeInto(rangedTexts[order[first]! - exactCount]!, target.subarray(at)).written;
        target[at++] = LINE_FEED;
      } else {
        while (next < order.length && order[next] === order[next - 1]! + 1) {
          if (order[next]! >= exactCount) break;
          next++;
        }
        const from = this.#ends[order[first]! - 1] ?? 0;
        const to = this.#ends[order[next - 1]!]!;
        this.#lines.copy(from, to, { target, at });
        at += to - from;
        this.#lines.freeBefore(this.#ends[firstLeft[next]! - 1] ?? 0);
      }
      first = next;
    }
    return target;
  }

  #encodeAsSet(): EncodedBatch {
    const set = this.#known ?? new SightingSet();
    set.add(this.#lines.slice(0, this.#lines.length), { isOwned: true });
    for (const message of this.#ranged) {
      const { receiver, receivedUs, startUs, endUs } = message;
      const receivedS = toSeconds(receivedUs);
      const sighting = { receiver, receivedS, startUs, endUs, sentUs: undefined };
      set.addSighting(this.#contentOf(message), sighting);
    }
    const lines = set.lines();
    return { bytes: encodeLines(lines), lineCount: lines.length };
  }
}

const UTF8 = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");
const LINE_FEED = 0x0a;

/** The line of a ranged message that one receiver heard. */
function rangedText(
  { a, b, c, d }: Content,
  { receiver, receivedUs, startUs, endUs }: Omit<RangedMessage, "from" | "to" | "later">,
): string {
  const receivers = `{${formatString(receiver)}:${formatSeconds(receivedUs)}}`;
  const time = formatSeconds(startUs);
  return `${a}${receivers}${b}${time}${c}${formatRange({ startUs, endUs })}${d}`;
}

/** A line of one receiver without what may differ between two exact lines of the same message. */
function contentText(line: string): string {
  return line.replace(/"receivers":\{"[^"]*":[^}]*\}/, "");
}
