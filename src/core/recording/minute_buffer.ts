import { encodeLines, splitBatch } from "../batch/batch.ts";
import { formatString, isPlainText } from "../json/canonical_json.ts";
import { type Content, contentKey, contentOf, contentOfKey } from "../batch/content.ts";
import { formatLine } from "../batch/format_line.ts";
import type { ByteCompressor } from "./byte_compressor.ts";
import { ChunkedBytes } from "./chunked_bytes.ts";
import { freeMemory } from "./free_memory.ts";
import { copyInOrder } from "./copy_in_order.ts";
import { clampEnd, type LaterTimestamp } from "./later_timestamps.ts";
import { LineBytes } from "./line_bytes.ts";
import { LineTranscoder } from "./line_transcoder.ts";
import type { IrcMessage } from "../batch/message.ts";
import type { TimeRange } from "./server_time.ts";
import { compareText } from "../grouping/sighting.ts";
import { SightingSet } from "../merge/sighting_set.ts";
import { type Micros, toSeconds } from "../time.ts";

/** How one connection received a message. */
export interface Receipt {
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

interface PackedBatch {
  readonly bytes: ChunkedBytes;
  readonly lineCount: number;
}

interface BufferedRanged {
  /** Where its content stands among the contents, and ends. */
  readonly from: number;
  readonly to: number;
  readonly receiver: string;
  readonly receivedUs: Micros;
  readonly startUs: Micros;
  endUs: Micros;
  /** The timestamps that may still cut the range; `undefined` once the batch is closed. */
  later: LaterTimestamp | undefined;
}

// Speed, not state: both are empty between two lines.
const TRANSCODER = new LineTranscoder();
const SCRATCH = new LineBytes();

// More lines of one instant are no real chat: copying them may jump back and forth over all chunks.
const COPIED_TIES_MAX = 64;

// Memory of a message beside its bytes: two numbers in lists, or an object of seven fields.
const EXACT_OVERHEAD_BYTES = 16;
const RANGED_OVERHEAD_BYTES = 128;

/**
 * The messages of one minute of a channel from the connections of one machine, in the order in which they
 * came. Its normal form makes a file.
 *
 * Exact messages become lines of the file as they come: a recorder of a busy channel holds bytes
 * instead of a hundred strings a message. Ranged ones wait, as later timestamps cut their ranges;
 * they are bytes too, since a piece of a string would keep the whole frame that brought it.
 */
export class MinuteBuffer {
  /** Tells this batch from others, also when its memory is freed and it is read back. */
  readonly identity: object = {};
  readonly #compressor: ByteCompressor | undefined;
  /** The lines of exact messages, as they came. */
  readonly #lines: ChunkedBytes;
  /** The time of each, and where it ends, its line feed included. */
  #startsUs: Micros[] = [];
  #ends: number[] = [];
  /** The contents of ranged messages, each as {@link contentKey} makes it. */
  readonly #contents: ChunkedBytes;
  #ranged: BufferedRanged[] = [];
  /** What {@link MinuteBuffer.addLine} added. */
  #known: SightingSet | undefined;
  #hasKnown = false;
  readonly #receivers = new Set<string>();
  /** The last receiver, and its key in a line. */
  #receiver = "";
  #receiverKey: Uint8Array = new Uint8Array();
  readonly #commands = new Map<string, number>();
  #messageCount = 0;
  #version = 0;
  #isClosed = false;
  #encoded: EncodedBatch | undefined;
  /**
   * The same bytes compressed: kept while the batch waits, so that each try needs to decompress them only.
   */
  #packed: PackedBatch | undefined;

  /** A batch without messages. What it holds is compressed by `compressor`, if there is one. */
  constructor(compressor?: ByteCompressor) {
    this.#compressor = compressor;
    this.#lines = new ChunkedBytes(compressor);
    this.#contents = new ChunkedBytes(compressor);
  }

  /** How many messages were added. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /**
   * Grows with each message, and when the batch is closed. Later timestamps that cut ranges meanwhile do
   * not count: readers may see a range that is longer than need be.
   */
  get version(): number {
    return this.#version;
  }

  /** How many messages were added, by command. */
  get commandCounts(): ReadonlyMap<string, number> {
    return this.#commands;
  }

  /** The connection that received all of it; `undefined` if there are several, or it is unknown. */
  get soleReceiver(): string | undefined {
    const isSole = this.#receivers.size === 1 && !this.#hasKnown;
    return isSole ? [...this.#receivers][0] : undefined;
  }

  /** About how many bytes of memory it takes: at most twice the size of its file, and a kilobyte. */
  get heldBytes(): number {
    return (this.#encoded?.bytes.length ?? 0) + (this.#packed?.bytes.heldBytes ?? 0) +
      this.#lines.heldBytes + this.#contents.heldBytes +
      EXACT_OVERHEAD_BYTES * this.#ends.length + RANGED_OVERHEAD_BYTES * this.#ranged.length;
  }

  /** Adds a message that says when it was sent. */
  addExact(message: IrcMessage, sentUs: Micros, { line, receiver, receivedUs }: Receipt): void {
    this.#count(message, receiver);
    const fields = { receiverKey: this.#receiverKey, receivedUs, sentUs };
    if (!TRANSCODER.transcode(line, SCRATCH, fields)) {
      const content = contentOf(message, { isPlain: isPlainText(line) });
      const range = { startUs: sentUs, endUs: sentUs };
      SCRATCH.addLine(formatLine(content, [{ receiver, receivedS: toSeconds(receivedUs) }], range));
    }
    this.#lines.add(SCRATCH.bytes.subarray(0, SCRATCH.length));
    SCRATCH.clear();
    this.#startsUs.push(sentUs);
    this.#ends.push(this.#lines.length);
  }

  /** Adds a message with a range, and the timestamps that may still cut it. */
  addRanged(
    message: IrcMessage,
    { range, later }: { readonly range: TimeRange; readonly later: LaterTimestamp },
    { line, receiver, receivedUs }: Receipt,
  ): void {
    this.#count(message, receiver);
    const from = this.#contents.length;
    const content = contentOf(message, { isPlain: isPlainText(line) });
    this.#contents.add(UTF8.encode(contentKey(content)));
    this.#ranged.push({ from, to: this.#contents.length, receiver, receivedUs, ...range, later });
  }

  /**
   * Adds one of {@link MinuteBuffer.lines}.
   *
   * @throws {BatchSyntaxError} when it is no line of a batch; then nothing was added.
   */
  addLine(line: string): void {
    (this.#known ??= new SightingSet()).add(UTF8.encode(line), { isOwned: true });
    this.#hasKnown = true;
    this.#version++;
    this.#messageCount++;
    const command = /^\{"command":"([^"\\]*)"/.exec(line)?.[1] ?? "";
    this.#commands.set(command, (this.#commands.get(command) ?? 0) + 1);
  }

  /**
   * Yields lines of a batch, in no order and without line feeds, that together hold all that was added
   * so far. The ranges of messages are cut as far as is known.
   */
  *lines(): Iterable<string> {
    if (this.#encoded !== undefined || this.#packed !== undefined) {
      const wasPacked = this.#encoded === undefined;
      try {
        yield* splitBatch(this.encode().bytes);
      } finally {
        if (wasPacked) this.pack();
      }
      return;
    }
    if (this.#known !== undefined) yield* splitBatch(this.#known.encode());
    for (let i = 0; i < this.#ends.length; i++) yield this.#textOf(i);
    for (const message of this.#ranged) {
      yield rangedText(this.#contentOf(message), { ...message, endUs: cutEnd(message) });
    }
  }

  /**
   * From now on no timestamp cuts a range. A replay of the journal closes a batch at the same line,
   * so lines that come while the batch waits must not change its bytes. A second call does nothing.
   */
  close(): void {
    for (const message of this.#ranged) {
      if (message.later === undefined) continue;
      message.endUs = cutEnd(message);
      message.later = undefined;
    }
    if (!this.#isClosed) this.#version++;
    this.#isClosed = true;
  }

  #count({ command }: IrcMessage, receiver: string): void {
    if (receiver !== this.#receiver) {
      this.#receiver = receiver;
      this.#receiverKey = UTF8.encode(`${formatString(receiver)}:`);
      this.#receivers.add(receiver);
    }
    this.#version++;
    this.#messageCount++;
    this.#commands.set(command, (this.#commands.get(command) ?? 0) + 1);
  }

  /** Closes the batch: the normal form of all that was added. Nothing may be added afterwards. */
  encode(): EncodedBatch {
    if (this.#encoded !== undefined) return this.#encoded;
    if (this.#packed !== undefined) return this.#unpack(this.#packed);
    this.close();
    this.#encoded = this.#normalForm({ areKept: false });
    // While it waits for the store it is in memory once.
    this.#lines.clear();
    this.#contents.clear();
    this.#startsUs = [];
    this.#ends = [];
    this.#ranged = [];
    this.#known = undefined;
    return this.#encoded;
  }

  /**
   * The normal form of all that was added so far; more may be added. Ranges are cut as far as is known: the
   * file may have shorter ones. Costs about as much as encoding. The bytes are fresh for the caller.
   */
  snapshot(): EncodedBatch {
    if (this.#encoded !== undefined) {
      return { ...this.#encoded, bytes: this.#encoded.bytes.slice() };
    }
    if (this.#packed !== undefined) {
      const { bytes: packed, lineCount } = this.#packed;
      const bytes = packed.slice(0, packed.length);
      packed.repack();
      return { bytes, lineCount };
    }
    const encoded = this.#normalForm({ areKept: true });
    this.#lines.repack();
    this.#contents.repack();
    return encoded;
  }

  #normalForm({ areKept }: { readonly areKept: boolean }): EncodedBatch {
    const isOneReceivers = this.#receivers.size <= 1 && this.#known === undefined;
    return (isOneReceivers ? this.#encodeLines(areKept) : undefined) ?? this.#encodeAsSet();
  }

  /**
   * Compresses the encoded batch while it waits; the bytes that {@link MinuteBuffer.encode} returned are
   * empty then. Does nothing without a compressor.
   */
  pack(): void {
    if (this.#encoded === undefined || this.#compressor === undefined) return;
    const { bytes, lineCount } = this.#encoded;
    if (this.#packed === undefined) {
      this.#packed = { bytes: new ChunkedBytes(this.#compressor), lineCount };
      this.#packed.bytes.add(bytes);
    }
    this.#encoded = undefined;
    freeMemory(bytes);
  }

  #unpack({ bytes: packed, lineCount }: PackedBatch): EncodedBatch {
    const bytes = packed.slice(0, packed.length);
    packed.repack();
    return this.#encoded = { bytes, lineCount };
  }

  /** Frees the memory; only counts are left. */
  free(): void {
    if (this.#encoded !== undefined) freeMemory(this.#encoded.bytes);
    this.#packed?.bytes.clear();
    this.#lines.clear();
    this.#contents.clear();
  }

  /**
   * The lines of one receiver are in normal form one by one, unless it received a message twice: then
   * `undefined`.
   */
  #encodeLines(areKept: boolean): EncodedBatch | undefined {
    const exactCount = this.#ends.length;
    const lengthsUs = new Array<Micros>(exactCount).fill(0);
    const startsUs = [...this.#startsUs];
    // Lines that are not copied from the chunks: those of ranged messages, and of large ties.
    const texts = new Map<number, string>();
    let rangedBytes = 0;
    for (const message of this.#ranged) {
      const { startUs } = message;
      const endUs = cutEnd(message);
      const lengthUs = endUs - startUs;
      const text = rangedText(this.#contentOf(message), { ...message, endUs });
      texts.set(startsUs.length, text);
      rangedBytes += text.length + 1;
      startsUs.push(startUs);
      lengthsUs.push(lengthUs);
    }
    const order = startsUs.map((_, i) => i);
    const compare = (i: number, j: number) =>
      startsUs[i]! - startsUs[j]! || lengthsUs[i]! - lengthsUs[j]!;
    order.sort(compare);
    // Only ties are ordered by their text, which is made once, in the order of the chunks.
    for (let first = 0, next; first < order.length; first = next) {
      for (next = first + 1; next < order.length; next++) {
        if (compare(order[first]!, order[next]!) !== 0) break;
      }
      if (next - first === 1) continue;
      const equals = order.slice(first, next).map((i) => ({
        i,
        text: texts.get(i) ?? this.#textOf(i),
      }));
      equals.sort((x, y) => compareText(x.text, y.text));
      for (const [at, { i, text }] of equals.entries()) {
        order[first + at] = i;
        if (equals.length > COPIED_TIES_MAX) texts.set(i, text);
        const before = equals[at - 1];
        // Two exact lines of one content are one message; two ranged ones happened twice.
        if (before === undefined || i >= exactCount || before.i >= exactCount) continue;
        if (contentText(before.text) === contentText(text)) return undefined;
      }
    }
    const length = this.#lines.length + rangedBytes;
    const ends = this.#ends;
    const bytes = copyInOrder(order, { lines: this.#lines, areKept, ends, texts, length });
    return { bytes, lineCount: order.length };
  }

  #textOf(i: number): string {
    return LATIN1.decode(this.#lines.slice(this.#ends[i - 1] ?? 0, this.#ends[i]! - 1));
  }

  #contentOf({ from, to }: BufferedRanged): Content {
    return contentOfKey(LATIN1.decode(this.#contents.slice(from, to)));
  }

  #encodeAsSet(): EncodedBatch {
    const set = new SightingSet();
    if (this.#known !== undefined) set.addAll(this.#known);
    set.add(this.#lines.slice(0, this.#lines.length), { isOwned: true });
    for (const message of this.#ranged) {
      const { receiver, receivedUs, startUs } = message;
      const endUs = cutEnd(message);
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

/** The end of a range, as far as later timestamps have cut it by now. */
function cutEnd(message: BufferedRanged): Micros {
  return message.later === undefined ? message.endUs : clampEnd(message, message.later);
}

/** The line of a ranged message of one receiver. */
function rangedText(
  content: Content,
  { receiver, receivedUs, startUs, endUs }: Omit<BufferedRanged, "from" | "to" | "later">,
): string {
  return formatLine(content, [{ receiver, receivedS: toSeconds(receivedUs) }], { startUs, endUs });
}

/** A line of one receiver without the part in which two exact lines of one message differ. */
function contentText(line: string): string {
  return line.replace(/"receivers":\{"[^"]*":[^}]*\}/, "");
}
