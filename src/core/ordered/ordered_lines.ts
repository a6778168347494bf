import { LINE_FEED } from "../bytes.ts";
import { areBytesEqual, type ByteText } from "../scan/byte_text.ts";
import { NOT_FOUND } from "../scan/canonical_scan.ts";
import { type ExactLine, skipReceivers } from "../scan/exact_line.ts";
import type { Micros } from "../time.ts";

/** What a line has in the array of marks: where it starts, its receivers, where it ends, its id. */
const STRIDE = 5;
const FIRST_MAX = 64;

/**
 * The exact lines of a batch that is as in the normal form: canonical, each content once, in the order of
 * their sent times. Numbers in two arrays, where an object a line would cost more than reading it did.
 *
 * All of a line but its receivers is its content: a line in the normal form writes its range as `0.0`.
 */
export class OrderedLines {
  /** The bytes of the batch. */
  readonly text: ByteText;
  /** The lines of another batch of the same minute that these were compared with as they were read. */
  readonly like: OrderedLines | undefined;
  #length = 0;
  #bytes = 0;
  #marks = new Int32Array(FIRST_MAX * STRIDE);
  #sentUs = new Float64Array(FIRST_MAX);
  /** Which line of `like` has the same content; `NOT_FOUND` where that is not known. */
  #likeOf: Int32Array | undefined;

  /** No lines yet. */
  constructor(text: ByteText, like?: OrderedLines) {
    this.text = text;
    this.like = like;
    this.#likeOf = like && new Int32Array(FIRST_MAX);
  }

  /** How many lines there are. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes they have, each with its line feed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the message of line `i` was sent; `Infinity` behind the last line. */
  sentUs(i: number): Micros {
    return i < this.#length ? this.#sentUs[i]! : Infinity;
  }

  /** Where line `i` starts. */
  from(i: number): number {
    return this.#marks[i * STRIDE]!;
  }

  /** Where its receivers start, behind the brace. */
  receiversFrom(i: number): number {
    return this.#marks[i * STRIDE + 1]!;
  }

  /** Where its receivers end, at the brace. */
  receiversTo(i: number): number {
    return this.#marks[i * STRIDE + 2]!;
  }

  /** Where line `i` ends, without its line feed. */
  to(i: number): number {
    return this.#marks[i * STRIDE + 3]!;
  }

  /** Where the value of its `id` tag starts, behind its quote; `NOT_FOUND` without one. */
  idFrom(i: number): number {
    return this.#marks[i * STRIDE + 4]!;
  }

  /** Adds a line that was scanned. */
  add({ from, receiversFrom, receiversTo, to, sentUs, idFrom }: ExactLine): void {
    this.#push(sentUs, NOT_FOUND);
    this.#mark(from, receiversFrom, receiversTo, to, idFrom);
  }

  /** Adds the line at `from` that {@link OrderedLines.matchAt} found to be like line `i` of `like`. */
  addLike(i: number, from: number, to: number): void {
    const like = this.like!;
    const receiversTo = to - like.to(i) + like.receiversTo(i);
    const idFrom = like.idFrom(i);
    this.#push(like.sentUs(i), i);
    this.#mark(
      from,
      from + like.receiversFrom(i) - like.from(i),
      receiversTo,
      to,
      idFrom === NOT_FOUND ? NOT_FOUND : receiversTo + idFrom - like.receiversTo(i),
    );
  }

  #push(sentUs: Micros, likeOf: number): void {
    if (this.#length === this.#sentUs.length) this.#grow();
    this.#sentUs[this.#length] = sentUs;
    if (this.#likeOf !== undefined) this.#likeOf[this.#length] = likeOf;
  }

  #mark(from: number, receiversFrom: number, receiversTo: number, to: number, idFrom: number) {
    const at = this.#length * STRIDE;
    const marks = this.#marks;
    marks[at] = from;
    marks[at + 1] = receiversFrom;
    marks[at + 2] = receiversTo;
    marks[at + 3] = to;
    marks[at + 4] = idFrom;
    this.#length++;
    this.#bytes += to + 1 - from;
  }

  #grow(): void {
    const max = this.#length * 2;
    const [marks, sentUs] = [this.#marks, this.#sentUs];
    this.#marks = new Int32Array(max * STRIDE);
    this.#marks.set(marks);
    this.#sentUs = new Float64Array(max);
    this.#sentUs.set(sentUs);
    if (this.#likeOf === undefined) return;
    const likeOf = this.#likeOf;
    this.#likeOf = new Int32Array(max);
    this.#likeOf.set(likeOf);
  }

  /**
   * Where the line of `text` at `at` ends, without its line feed, if it is canonical and has the content
   * of line `i`; else `NOT_FOUND`. Found by comparing: only its receivers are scanned.
   */
  matchAt(i: number, text: ByteText, at: number): number {
    const own = this.text;
    const from = this.from(i);
    const before = this.receiversFrom(i) - from;
    if (!areBytesEqual(own, from, text, at, before)) return NOT_FOUND;
    const receiversTo = skipReceivers(text.bytes, at + before);
    if (receiversTo === NOT_FOUND) return NOT_FOUND;
    const behind = this.to(i) - this.receiversTo(i);
    if (!areBytesEqual(own, this.receiversTo(i), text, receiversTo, behind)) return NOT_FOUND;
    const to = receiversTo + behind;
    return text.bytes[to] === LINE_FEED ? to : NOT_FOUND;
  }

  /** The first line from `from` on that was sent at `sentUs` or later. */
  firstAt(sentUs: Micros, from: number): number {
    let low = from;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sentUs[middle]! < sentUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether line `i` has the content of line `j` of `other`. */
  hasContentOf(i: number, other: OrderedLines, j: number): boolean {
    // No two lines of a batch have the same content, so it is enough to know which line each is like.
    const own = this.#likeOf === undefined ? NOT_FOUND : this.#likeOf[i]!;
    if (own !== NOT_FOUND && this.like === other) return own === j;
    const theirs = other.#likeOf === undefined ? NOT_FOUND : other.#likeOf[j]!;
    if (theirs !== NOT_FOUND && other.like === this) return theirs === i;
    if (own !== NOT_FOUND && theirs !== NOT_FOUND && this.like === other.like) {
      return own === theirs;
    }
    return this.#hasBytesOf(i, other, j);
  }

  #hasBytesOf(i: number, other: OrderedLines, j: number): boolean {
    const before = this.receiversFrom(i) - this.from(i);
    const behind = this.to(i) - this.receiversTo(i);
    return before === other.receiversFrom(j) - other.from(j) &&
      behind === other.to(j) - other.receiversTo(j) &&
      areBytesEqual(this.text, this.from(i), other.text, other.from(j), before) &&
      areBytesEqual(this.text, this.receiversTo(i), other.text, other.receiversTo(j), behind);
  }
}
