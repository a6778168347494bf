import type { Chunk } from "../../../ports/transport.ts";
import { Utf8Decoder } from "./utf8_decoder.ts";

/**
 * The longest line that is handed on whole, in UTF-16 units: 37 times the longest ever seen on the
 * wire (1,746 bytes) and 8 times what IRCv3 allows for tags.
 */
export const LINE_LENGTH_MAX = 65_536;

/** Takes one line, without its line end; `isPiece` if it is a part of a line that is too long. */
export type TakeLine = (line: string, isPiece: boolean) => void;

/**
 * Splits the chunks of a connection into lines.
 *
 * A line ends at LF; one CR before it belongs to the line end. Empty lines are left out and counted.
 * A line that is too long is handed on in parts, so nothing is lost and memory stays bounded. Bytes
 * are UTF-8; see {@link Utf8Decoder} for those that are not.
 */
export class LineSplitter {
  readonly #decoder = new Utf8Decoder();
  readonly #lengthMax: number;
  #rest = "";
  #isInLongLine = false;
  #emptyCount = 0;
  #longCount = 0;

  /** @param lengthMax the longest line that is handed on whole, in UTF-16 units */
  constructor(lengthMax: number = LINE_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** How many empty lines were left out so far. */
  get emptyCount(): number {
    return this.#emptyCount;
  }

  /** How many lines were too long so far. */
  get longCount(): number {
    return this.#longCount;
  }

  /** How many U+FFFD stand for bytes that are not UTF-8 so far. */
  get replacedCount(): number {
    return this.#decoder.replacedCount;
  }

  /** Hands `take` every line that ends in `chunk`, in order. */
  push(chunk: Chunk, take: TakeLine): void {
    const text = typeof chunk === "string"
      ? this.#decoder.end() + chunk
      : this.#decoder.decode(chunk);
    let start = 0;
    // Only the new chunk can hold a line end: a line that comes byte by byte is not read twice.
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#line(this.#rest + text.slice(start, end), take);
      this.#rest = "";
      this.#isInLongLine = false;
      start = end + 1;
    }
    this.#rest += start === 0 ? text : text.slice(start);
    // One unit more than fits may still be the CR of the line end.
    while (this.#rest.length > this.#lengthMax + 1) {
      this.#rest = this.#rest.slice(this.#handOnPiece(this.#rest, take));
      if (!this.#isInLongLine) this.#longCount++;
      this.#isInLongLine = true;
    }
  }

  /** Whether the text since the last line end is too long for a line. */
  get isInLongLine(): boolean {
    return this.#isInLongLine;
  }

  /** Ends the stream and returns its unfinished last line, if there is one. */
  end(): string | undefined {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    return rest === "" ? undefined : rest;
  }

  #line(ended: string, take: TakeLine): void {
    let line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    let isPiece = this.#isInLongLine;
    for (; line.length > this.#lengthMax; isPiece = true) {
      line = line.slice(this.#handOnPiece(line, take));
      if (!isPiece) this.#longCount++;
    }
    if (line !== "") take(line, isPiece);
    else if (!isPiece) this.#emptyCount++;
  }

  /** Hands on the first part of a long `text` and returns where the next begins. */
  #handOnPiece(text: string, take: TakeLine): number {
    // Half a surrogate pair could not be written down.
    const last = text.charCodeAt(this.#lengthMax - 1);
    const end = last >= 0xd800 && last <= 0xdbff ? this.#lengthMax - 1 : this.#lengthMax;
    take(text.slice(0, end), true);
    return end;
  }
}
